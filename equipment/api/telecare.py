from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock, key_holders, telecare, telecare_facts, telecare_returns
from equipment.api.base import ALARM, DISCHARGE, Newest, Viewset, scoped
from equipment.api.people import the_person
from equipment.errors import Missing
from equipment.jobs import InstallationState
from equipment.models import AlarmCentre, Installation, KeyHolder, TestCall
from equipment.states import choices
from equipment.words import TriggerKind


class HeardIn(serializers.Serializer[Any]):
    account = serializers.CharField(max_length=40, help_text="Your number for this home")
    radio_id = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    trigger = serializers.ChoiceField(
        choices(TriggerKind),
        required=False,
        default="",
        allow_blank=True,
        help_text="Its kind, where there is one of it; without this and without a radio id, the hub's own button",
    )
    heard_by = serializers.CharField(max_length=80, help_text="Who of you heard it")
    reference = serializers.CharField(
        max_length=80, help_text="Your number of the call: the same again is the same call"
    )
    at = serializers.DateTimeField(required=False, default=None, allow_null=True, help_text="When it called; else now")


class HeardOut(serializers.Serializer[TestCall]):
    installation = serializers.UUIDField(source="trigger.installation.reference")
    account = serializers.CharField(source="trigger.installation.account")
    trigger = serializers.CharField(source="trigger.kind")
    radio_id = serializers.CharField(source="trigger.radio_id")
    called_at = serializers.DateTimeField(source="made_at")
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    heard_by = serializers.CharField()
    reference = serializers.CharField()


class ClosedIn(serializers.Serializer[Any]):
    confirmed_by = serializers.CharField(max_length=80, help_text="Who of you confirms it, or your number of it")
    reason = serializers.CharField(max_length=300)


class TriggerOut(serializers.Serializer[Any]):
    kind = serializers.CharField(source="trigger.kind")
    asset = serializers.CharField(source="trigger.asset.number", allow_null=True, default=None)
    room = serializers.CharField(source="trigger.room")
    heard = serializers.BooleanField(help_text="Its latest test call was acknowledged")


class InstallationOut(serializers.Serializer[Installation]):
    """The person by reference only."""

    reference = serializers.UUIDField()
    person = serializers.UUIDField(source="person.reference")
    hub = serializers.CharField(source="hub.number")
    centre = serializers.CharField(source="centre.code")
    state = serializers.CharField()
    line = serializers.CharField()
    protocol = serializers.CharField()
    started_at = serializers.DateTimeField()
    live_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    free_until = serializers.DateField(allow_null=True)
    after_free = serializers.CharField()


class InstallationDetailOut(InstallationOut):
    triggers = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField(help_text="Why it is not live yet, in sentences")

    @extend_schema_field(TriggerOut(many=True))
    def get_triggers(self, row: Installation) -> list[dict[str, Any]]:
        found: Any = telecare_facts.paired(row.triggers.all())
        return list(TriggerOut(found, many=True).data)

    def get_missing(self, row: Installation) -> list[str]:
        if row.state != InstallationState.INSTALLING:
            return []
        return [reason.sentence for reason in telecare_facts.unheard(row)]


class ClosedOut(serializers.Serializer[Installation]):
    reference = serializers.UUIDField()
    account = serializers.CharField()
    state = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)


class TestCallViewSet(Viewset):
    """What an alarm centre hears. Its client speaks for that centre and sees no person."""

    __test__ = False

    queryset = TestCall.objects.none()
    serializer_class = HeardOut
    roles = {"create": ALARM}

    @extend_schema(request=HeardIn, responses={201: HeardOut})
    def create(self, request: Request) -> Response:
        """A trigger of one of your accounts called, and you heard it: the hub goes live when all have been heard."""
        given = self.read(HeardIn)
        call = telecare.hear(
            _centre(self),
            given["account"],
            radio_id=given["radio_id"],
            kind=given["trigger"],
            heard_by=given["heard_by"],
            reference=given["reference"],
            called_at=given["at"],
            by=self.asker.label,
            at=clock.now(),
        )
        return Response(HeardOut(call).data, status=201)


class InstallationFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=choices(InstallationState))
    centre = django_filters.CharFilter(field_name="centre__code")
    person = django_filters.UUIDFilter(field_name="person__reference")
    free_until_before = django_filters.DateFilter(field_name="free_until", lookup_expr="lte")


class InstallationViewSet(Viewset):
    """Telecare hubs at people's homes: which are live, and until when they are free."""

    queryset = Installation.objects.select_related("person", "hub", "centre")
    serializer_class = InstallationOut
    filterset_class = InstallationFilter
    pagination_class = Newest
    lookup_field = "reference"
    lookup_value_converter = "uuid"
    roles = {"deactivated": ALARM}

    def get_queryset(self) -> QuerySet[Installation]:
        return scoped(super().get_queryset(), self.asker, "person__organisation")

    def list(self, request: Request) -> Response:
        return self.paged(self.get_queryset(), InstallationOut)

    @extend_schema(responses=InstallationDetailOut)
    def retrieve(self, request: Request, reference: str) -> Response:
        return Response(InstallationDetailOut(self.see(self.get_queryset(), reference=reference)).data)

    @extend_schema(request=ClosedIn, responses=ClosedOut)
    @action(detail=True, methods=["post"])
    def deactivated(self, request: Request, reference: str) -> Response:
        """You have closed the account of this hub: nobody answers it from now on. A second time changes nothing."""
        rows = Installation.objects.filter(centre=_centre(self))
        row, given = self.see(rows, reference=reference), self.read(ClosedIn)
        closed = telecare_returns.deactivate(row, **given, by=self.asker.label, at=clock.now())
        return Response(ClosedOut(closed).data)


def _centre(view: Viewset) -> AlarmCentre:
    if view.asker.centre is None:
        raise Missing("no_centre", "No alarm centre stands behind this client.")
    return view.asker.centre


class KeyHolderIn(serializers.Serializer[Any]):
    person = serializers.UUIDField()
    name = serializers.CharField(max_length=80)
    phone = serializers.CharField(max_length=20)
    relationship = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    position = serializers.IntegerField(
        min_value=1, max_value=key_holders.MOST, required=False, default=None, allow_null=True
    )
    consent_taken_by = serializers.CharField(max_length=80, help_text="Who asked the key holder")


class KeyHolderOut(serializers.Serializer[KeyHolder]):
    id = serializers.IntegerField()
    position = serializers.IntegerField(help_text="In this order the alarm centre calls")
    name = serializers.CharField()
    phone = serializers.CharField()
    relationship = serializers.CharField()
    verified_on = serializers.DateField(help_text="Asked again every year")
    ended_at = serializers.DateTimeField(allow_null=True)


class KeyHolderViewSet(Viewset):
    """Whom the alarm centre calls for a person. One person's at a time: there is no list of all."""

    queryset = KeyHolder.objects.select_related("person__organisation")
    serializer_class = KeyHolderOut
    filter_backends = ()
    pagination_class = None
    roles = dict.fromkeys(("list", "create", "verify", "end"), DISCHARGE)

    def get_queryset(self) -> QuerySet[KeyHolder]:
        return scoped(super().get_queryset(), self.asker, "person__organisation")

    @extend_schema(parameters=[OpenApiParameter("person", str, required=True)], responses=KeyHolderOut(many=True))
    def list(self, request: Request) -> Response:
        """Those of one person, in the order of calling."""
        reference = serializers.UUIDField().run_validation(request.query_params.get("person"))
        person = the_person(self.asker, str(reference))
        rows: Any = self.get_queryset().filter(person=person, ended_at__isnull=True).order_by("position")
        return Response(KeyHolderOut(rows, many=True).data)

    @extend_schema(request=KeyHolderIn, responses={201: KeyHolderOut})
    def create(self, request: Request) -> Response:
        """Somebody with a key who agreed to be called: three at most."""
        given = self.read(KeyHolderIn)
        person = the_person(self.asker, str(given.pop("person")))
        holder = key_holders.add(person, **given, by=self.asker.label, at=clock.now())
        return Response(KeyHolderOut(holder).data, status=201)

    @extend_schema(request=None, responses=KeyHolderOut)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str) -> Response:
        """Asked again: still has the key, still agrees, same number."""
        return self._with(pk, key_holders.verify)

    @extend_schema(request=None, responses=KeyHolderOut)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """Not to be called any more."""
        return self._with(pk, key_holders.end)

    def _with(self, pk: str, verb: Any) -> Response:
        if not pk.isdecimal():
            raise Missing("not_found", "There is no such thing, or not for you.")
        holder = self.see(self.get_queryset(), pk=int(pk))
        return Response(KeyHolderOut(verb(holder, by=self.asker.label, at=clock.now())).data)
