from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock
from equipment.api.base import STORE, Newest, Viewset, scoped
from equipment.states import Condition, Infection, TestKind, TestResult, choices
from logistics import doors
from logistics.api.shared import VisitOut
from logistics.home_tests import Tested
from logistics.models import Visit
from logistics.states import FailureReason, VisitState


class ActivityOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    state = serializers.CharField()
    product = serializers.SerializerMethodField()
    asset = serializers.SerializerMethodField()
    quantity = serializers.SerializerMethodField()
    tests = serializers.ListField(child=serializers.CharField(), help_text="Kinds of test to make, of an inspection")

    def get_product(self, activity: Any) -> str:
        return str((activity.reservation or activity.loan).product.stock_code)

    def get_asset(self, activity: Any) -> str | None:
        asset = (activity.reservation or activity.loan).asset
        return asset.number if asset else None

    def get_quantity(self, activity: Any) -> int:
        return int((activity.reservation or activity.loan).quantity)


class VisitDetailOut(VisitOut):
    activities = ActivityOut(many=True)


class CollectedIn(serializers.Serializer[Any]):
    activity = serializers.IntegerField()
    condition = serializers.ChoiceField(choices(Condition))
    infection = serializers.ChoiceField(choices(Infection))


class CheckAnswerIn(serializers.Serializer[Any]):
    check = serializers.CharField(max_length=120)
    ok = serializers.BooleanField()
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class TestedIn(serializers.Serializer[Any]):
    """One kind of test made at the door; `next_due` only when the examiner names an earlier day."""

    __test__ = False

    activity = serializers.IntegerField()
    kind = serializers.ChoiceField(choices(TestKind))
    result = serializers.ChoiceField(choices(TestResult))
    examiner = serializers.CharField(max_length=80)
    defects = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    swl_kg = serializers.IntegerField(required=False, default=None, allow_null=True, min_value=1)
    certificate = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    next_due = serializers.DateField(required=False, default=None, allow_null=True)
    answers = CheckAnswerIn(many=True, required=False, default=list)


class ProofIn(serializers.Serializer[Any]):
    received_by = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    fitted = serializers.BooleanField(default=False)
    demonstrated = serializers.BooleanField(default=False)
    collected = CollectedIn(many=True, required=False, default=list)
    tested = TestedIn(many=True, required=False, default=list)


class FailIn(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices(FailureReason))
    note = serializers.CharField(max_length=300)


def _tested(entries: Iterable[dict[str, Any]]) -> dict[int, dict[str, Tested]]:
    """By activity and kind."""
    found: dict[int, dict[str, Tested]] = defaultdict(dict)
    for entry in entries:
        activity, kind = entry.pop("activity"), entry.pop("kind")
        found[activity][kind] = Tested(**entry | {"answers": tuple(entry["answers"])})
    return found


class VisitFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=choices(VisitState))
    discharge = django_filters.UUIDFilter(field_name="discharge__reference")
    store = django_filters.CharFilter(field_name="store__code")


class VisitViewSet(Viewset):
    """Doors to call at, and what happened there."""

    queryset = Visit.objects.select_related("store", "discharge").prefetch_related(
        "activities__reservation__product",
        "activities__reservation__asset",
        "activities__loan__product",
        "activities__loan__asset",
    )
    serializer_class = VisitOut
    filterset_class = VisitFilter
    pagination_class = Newest
    lookup_field = "reference"
    lookup_value_converter = "uuid"
    roles = dict.fromkeys(("arrive", "finish", "fail"), STORE)

    def get_queryset(self) -> QuerySet[Visit]:
        return scoped(super().get_queryset(), self.asker)

    def list(self, request: Request) -> Response:
        return self.paged(self.get_queryset().prefetch_related(None), VisitOut)

    @extend_schema(responses=VisitDetailOut)
    def retrieve(self, request: Request, reference: str) -> Response:
        return Response(VisitDetailOut(self.see(self.get_queryset(), reference=reference)).data)

    @extend_schema(request=None, responses=VisitOut)
    @action(detail=True, methods=["post"])
    def arrive(self, request: Request, reference: str) -> Response:
        visit = self.see(self.get_queryset(), reference=reference)
        return Response(VisitOut(doors.arrive(visit, by=self.asker.label, at=clock.now())).data)

    @extend_schema(request=ProofIn, responses=VisitOut)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, reference: str) -> Response:
        """Delivered, fitted, shown, tested, collected: with the evidence."""
        visit, given = self.see(self.get_queryset(), reference=reference), self.read(ProofIn)
        collected = {
            entry["activity"]: doors.Collected(entry["condition"], entry["infection"])
            for entry in given.pop("collected")
        }
        tested = _tested(given.pop("tested"))
        done = doors.finish(
            visit, doors.Proof(collected=collected, tested=tested, **given), by=self.asker.label, at=clock.now()
        )
        return Response(VisitOut(done).data)

    @extend_schema(request=FailIn, responses=VisitOut)
    @action(detail=True, methods=["post"])
    def fail(self, request: Request, reference: str) -> Response:
        """It did not work. Answers with the next attempt, or with the failed visit when a person has to decide."""
        visit, given = self.see(self.get_queryset(), reference=reference), self.read(FailIn)
        after = doors.fail(visit, given["reason"], note=given["note"], by=self.asker.label, at=clock.now())
        return Response(VisitOut(after).data)
