from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock, people
from equipment.api.base import DISCHARGE, ReasonIn, Viewset, scoped
from equipment.models import Person
from logistics import bereavement, circumstances
from logistics.bereavement import Stopped


class DiedIn(serializers.Serializer[Any]):
    on = serializers.DateField(help_text="The day of death")


class NoteIn(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class StoppedOut(serializers.Serializer[Any]):
    """What the news did. `news` is false when it was known: then nothing was done again."""

    news = serializers.BooleanField()
    orders = serializers.IntegerField(help_text="Orders cancelled, held, resumed, or to be placed anew")
    visits = serializers.IntegerField(help_text="Visits called off")
    out = serializers.IntegerField(help_text="Visits whose van has left: the depot rings the crew")


class CircumstancesViewSet(Viewset):
    """Somebody died, moved to a care home, is in hospital again, or is back home: what is under way follows at once."""

    queryset = Person.objects.select_related("organisation", "merged_into__organisation")
    serializer_class = StoppedOut
    filter_backends = ()
    lookup_field = "reference"
    lookup_value_converter = "uuid"
    roles = dict.fromkeys(("died", "lives", "moved", "readmitted", "home"), DISCHARGE)

    def get_queryset(self) -> QuerySet[Person]:
        return scoped(super().get_queryset(), self.asker)

    def _tell(self, reference: str, verb: Callable[..., Stopped], asked: type[serializers.Serializer[Any]]) -> Response:
        person = people.current(self.see(self.get_queryset(), reference=reference))
        return Response(StoppedOut(verb(person, by=self.asker.label, at=clock.now(), **self.read(asked))).data)

    @extend_schema(request=DiedIn, responses=StoppedOut)
    @action(detail=True, methods=["post"])
    def died(self, request: Request, reference: str) -> Response:
        """The person has died. Undelivered orders are cancelled and every automatic contact stops at once; the
        collection is agreed with the next of kin by a person.
        """
        return self._tell(reference, bereavement.died, DiedIn)

    @extend_schema(request=ReasonIn, responses=StoppedOut)
    @action(detail=True, methods=["post"])
    def lives(self, request: Request, reference: str) -> Response:
        """The report of the death was wrong. What was cancelled is to be ordered anew."""
        return self._tell(reference, bereavement.correct_death, ReasonIn)

    @extend_schema(request=NoteIn, responses=StoppedOut)
    @action(detail=True, methods=["post"])
    def moved(self, request: Request, reference: str) -> Response:
        """The person has moved to a care home. Deliveries are held, and each loan is asked about."""
        return self._tell(reference, circumstances.moved_to_care_home, NoteIn)

    @extend_schema(request=NoteIn, responses=StoppedOut)
    @action(detail=True, methods=["post"])
    def readmitted(self, request: Request, reference: str) -> Response:
        """The person is in hospital again. Visits wait; nothing is collected by itself."""
        return self._tell(reference, circumstances.readmitted, NoteIn)

    @extend_schema(request=NoteIn, responses=StoppedOut)
    @action(detail=True, methods=["post"])
    def home(self, request: Request, reference: str) -> Response:
        """The person is at home again: what was held is brought."""
        return self._tell(reference, circumstances.back_home, NoteIn)
