from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.generic import RedirectView
from oauth2_provider.views import RevokeTokenView, TokenView

handler404 = "config.api.not_found"
handler500 = "config.api.server_error"


def healthz(request: HttpRequest) -> JsonResponse:
    """For load balancers: the process answers. Says nothing of the data."""
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("healthz", healthz),
    path("admin/", admin.site.urls),
    path("oauth/token/", TokenView.as_view(), name="token"),
    path("oauth/revoke/", RevokeTokenView.as_view(), name="revoke"),
    path("api/v1/", include("config.api")),
    path("driver/", include("logistics.driver.urls")),
]
