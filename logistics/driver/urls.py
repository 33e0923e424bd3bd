from __future__ import annotations

from django.urls import path

from logistics.driver import secrets, telecare_views, views

app_name = "driver"
urlpatterns = [
    path("", views.today, name="today"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("routes/<int:pk>/", views.route, name="route"),
    path("routes/<int:pk>/load/", views.load, name="load"),
    path("routes/<int:pk>/finish/", views.finish, name="finish"),
    path("routes/<int:pk>/sheet.pdf", views.sheet, name="sheet"),
    path("stops/<uuid:reference>/", views.stop, name="stop"),
    path("stops/<uuid:reference>/telecare/", telecare_views.work, name="telecare"),
    path("stops/<uuid:reference>/telecare/listen/", telecare_views.listen, name="telecare_listen"),
    path("stops/<uuid:reference>/key-safe/", secrets.code, name="code"),
]
