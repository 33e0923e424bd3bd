"""What every resource of the API shares: who asks and what they may see, pages, roles, and each POST done once.

`logistics.api` stands on this module too; it is the one exception to the rule that the apps' edges do not import each
other.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from rest_framework import viewsets
from rest_framework.pagination import CursorPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, CharField, Serializer

from equipment import clock
from equipment.errors import Invalid, Missing
from equipment.models import AlarmCentre, ApiClient, IdempotentRequest, Membership, Organisation
from equipment.roles import DISCHARGE_TEAM, STORE_GROUPS, actor_of

DISCHARGE, STORE, ALARM = "discharge", "store", "alarm"
GROUP_ROLES = {DISCHARGE_TEAM: DISCHARGE, **dict.fromkeys(STORE_GROUPS, STORE)}


@dataclass(frozen=True)
class Asker:
    """Who is asking: the label for the record, the organisation spoken for, all those that may be seen, and the roles
    held. `centre`: the alarm centre spoken for, which may do what asks for the role `alarm` and nothing else.
    """

    label: str
    organisation: Organisation
    organisations: frozenset[int]
    roles: frozenset[str]
    centre: AlarmCentre | None = None


def asker_of(request: Request) -> Asker | None:
    """The asker behind an OAuth2 token or a signed-in user; None when no organisation stands behind them."""
    token: Any = request.auth
    if token is not None:
        client = (
            ApiClient.objects.filter(application=token.application_id).select_related("organisation", "centre").first()
        )
        label = f"api:{token.application.name[:60]}#{token.application_id}"
        return _asker(label, client.organisation, _granted(client, token.scope), client.centre) if client else None
    user = request.user
    if user is None or not user.is_authenticated:
        return None
    member = Membership.objects.filter(user=user).select_related("organisation").first()
    roles = {GROUP_ROLES[name] for name in user.groups.values_list("name", flat=True) if name in GROUP_ROLES}
    return (
        _asker(actor_of(user), member.organisation, {DISCHARGE, STORE} if user.is_superuser else roles)
        if member
        else None
    )


def _granted(client: ApiClient, scope: str) -> set[str]:
    """The roles asked for with the token, less what this client may not have at all."""
    if client.centre_id is not None:
        return set(scope.split()) & {ALARM}
    return set(scope.split()) - {ALARM} - (set() if client.may_run_store else {STORE})


def _asker(label: str, organisation: Organisation, roles: set[str], centre: AlarmCentre | None = None) -> Asker:
    """A provider sees the organisations it serves; everybody else sees their own."""
    seen = Organisation.objects.filter(Q(pk=organisation.pk) | Q(provider=organisation.pk)).values_list("pk", flat=True)
    return Asker(label, organisation, frozenset(seen), frozenset(roles & {DISCHARGE, STORE, ALARM}), centre)


class Newest(CursorPagination):
    """For lists that grow at one end: no count, and as quick on page 4,000 as on the first."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200


class Viewset(viewsets.GenericViewSet[Any]):
    """Adds to DRF's: `asker`, `roles` (action to the role it needs), `see` for a row in scope, and POSTs that happen
    once.
    """

    roles: ClassVar[dict[str, str]] = {}
    asker: Asker

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        asker = asker_of(request)
        if asker is not None:
            self.asker = asker

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            self.post = partial(_once, self, self.post)  # type: ignore[has-type]

    def see(self, queryset: QuerySet[Any], **lookup: Any) -> Any:
        """The row, or Missing: what belongs to others does not exist for this asker (404, not 403)."""
        row = queryset.filter(**lookup).first()
        if row is None:
            raise Missing("not_found", "There is no such thing, or not for you.")
        return row

    def read(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The request's body, checked; raises ValidationError naming the fields."""
        checked = serializer(data=self.request.data, context=self.get_serializer_context())
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def paged(self, queryset: QuerySet[Any], serializer: type[BaseSerializer[Any]]) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(queryset))
        return self.get_paginated_response(serializer(rows, many=True, context=self.get_serializer_context()).data)


class ReasonIn(Serializer[Any]):
    reason = CharField(max_length=300)


def _once(view: Viewset, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
    """Do a POST once per Idempotency-Key (rule 18). The key and the work are one transaction, so a crash leaves
    neither.

    A second request with the same key waits on the first one's row and then gets its answer; a refusal leaves no trace.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key or len(key) > 120:
        raise Invalid(
            "idempotency_key",
            "Send a header Idempotency-Key with 1 to 120 characters, new for each thing you ask for.",
            field="Idempotency-Key",
        )
    client = view.asker.label
    fingerprint = _fingerprint(request)
    done = IdempotentRequest.objects.filter(client=client, key=key).first()
    if done is None:
        try:
            with transaction.atomic():
                row = IdempotentRequest.objects.create(
                    client=client, key=key, fingerprint=fingerprint, created_at=clock.now()
                )
                response = handler(request, *args, **kwargs)
                row.status, row.body = response.status_code, json.loads(JSONRenderer().render(response.data))
                row.save(update_fields=["status", "body"])
                return response
        except IntegrityError:
            done = IdempotentRequest.objects.filter(client=client, key=key).first()
            if done is None:
                raise
    return _replay(done, fingerprint)


def _replay(done: IdempotentRequest, fingerprint: str) -> Response:
    if done.fingerprint != fingerprint:
        raise Invalid(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request: take a new one.",
            field="Idempotency-Key",
        )
    return Response(done.body, status=done.status, headers={"Idempotency-Replayed": "true"})


def _fingerprint(request: Request) -> str:
    """Keyed, because whoever reads the table could try out the few thousand bodies that a short secret makes."""
    asked = f"{request.method} {request.path}\n".encode() + _canonical(request.data)
    return hmac.new(settings.SECRET_KEY.encode(), b"equipment.api.once\n" + asked, "sha256").hexdigest()


def _canonical(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, default=str).encode()


def scoped(queryset: QuerySet[Any], asker: Asker, field: str = "organisation") -> QuerySet[Any]:
    """Only the rows of organisations the asker may see."""
    return queryset.filter(**{f"{field}__in": asker.organisations})


def organisation_for(asker: Asker, code: str) -> Organisation:
    """The organisation a new row belongs to: the one named, when the asker may speak for it, else the asker's own."""
    if not code:
        return asker.organisation
    found = Organisation.objects.filter(pk__in=asker.organisations, code=code).first()
    if found is None:
        raise Invalid("organisation", f"You cannot act for organisation {code!r}.", field="organisation")
    return found
