from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock, decontamination, disposal, inspections, receiving
from equipment.api.base import STORE, Newest, ReasonIn, Viewset, scoped
from equipment.errors import Invalid
from equipment.lifecycle import advance, legal_moves, must_be
from equipment.models import Asset, AssetEvent, Store
from equipment.states import AssetState, CleaningMethod, Condition, Infection, TestKind, TestResult, choices


class AssetOut(serializers.Serializer[Asset]):
    number = serializers.CharField()
    product = serializers.CharField(source="product.stock_code")
    product_name = serializers.CharField(source="product.name")
    serial = serializers.CharField()
    state = serializers.CharField()
    store = serializers.CharField(source="store.code", allow_null=True, default=None)
    location = serializers.CharField(source="location.code", allow_null=True, default=None)
    vehicle = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    test_due_on = serializers.DateField(allow_null=True)
    loans_count = serializers.IntegerField()


class MoveOut(serializers.Serializer[Any]):
    to = serializers.CharField()
    verb = serializers.CharField()
    needs_reason = serializers.BooleanField()


class AssetDetailOut(AssetOut):
    moves = serializers.SerializerMethodField()

    @extend_schema(responses=MoveOut(many=True))
    def get_moves(self, asset: Asset) -> list[dict[str, Any]]:
        return [{"to": to, "verb": move.verb, "needs_reason": move.needs_reason} for to, move in legal_moves(asset)]

    get_moves._spectacular_annotation = {"field": MoveOut(many=True)}  # type: ignore[attr-defined]


class EventOut(serializers.Serializer[AssetEvent]):
    verb = serializers.CharField()
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField()
    reason = serializers.CharField()


class ReturnIn(serializers.Serializer[Any]):
    store = serializers.CharField(help_text="Store code")
    condition = serializers.ChoiceField(choices(Condition))
    infection = serializers.ChoiceField(choices(Infection), default=Infection.UNKNOWN)


class CleanIn(serializers.Serializer[Any]):
    method = serializers.ChoiceField(choices(CleaningMethod))
    passed = serializers.BooleanField()
    agent = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    lot = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    notes = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class AnswerIn(serializers.Serializer[Any]):
    """One line of the product's checklist."""

    check = serializers.CharField(max_length=120)
    ok = serializers.BooleanField()
    note = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class TestIn(serializers.Serializer[Any]):
    __test__ = False

    kind = serializers.ChoiceField(choices(TestKind))
    result = serializers.ChoiceField(choices(TestResult))
    examiner = serializers.CharField(max_length=80)
    defects = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    swl_kg = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)
    certificate = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    next_due = serializers.DateField(required=False, allow_null=True, default=None)
    answers = AnswerIn(many=True, required=False, default=list)


class AssetFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=choices(AssetState))
    product = django_filters.CharFilter(field_name="product__stock_code")
    store = django_filters.CharFilter(field_name="store__code")
    serial = django_filters.CharFilter()


class AssetViewSet(Viewset):
    """One numbered thing each; every change is a verb with its evidence."""

    queryset = Asset.objects.select_related("product", "store", "location")
    serializer_class = AssetOut
    filterset_class = AssetFilter
    pagination_class = Newest
    lookup_field = "number"
    roles = dict.fromkeys(
        ("take_back", "begin_clean", "clean", "begin_test", "test", "shelve", "accept", "quarantine", "condemn"), STORE
    )

    def get_queryset(self) -> QuerySet[Asset]:
        return scoped(super().get_queryset(), self.asker, "owner")

    def list(self, request: Request) -> Response:
        return self.paged(self.get_queryset(), AssetOut)

    @extend_schema(responses=AssetDetailOut)
    def retrieve(self, request: Request, number: str) -> Response:
        return self._answer(self.see(self.get_queryset(), number=number))

    @extend_schema(responses=EventOut(many=True), filters=False)
    @action(detail=True, filterset_class=None)
    def history(self, request: Request, number: str) -> Response:
        """All that ever happened to it, newest first."""
        asset = self.see(self.get_queryset(), number=number)
        return self.paged(AssetEvent.objects.filter(asset=asset), EventOut)

    @extend_schema(request=ReturnIn, responses=AssetDetailOut)
    @action(detail=True, methods=["post"], url_path="return")
    def take_back(self, request: Request, number: str) -> Response:
        """Handed in or carried in: straight to quarantine."""
        asset, given = self.see(self.get_queryset(), number=number), self.read(ReturnIn)
        store = Store.objects.filter(code=given.pop("store"), organisation__in=self.asker.organisations).first()
        if store is None:
            raise Invalid("store", "There is no such store.", field="store")
        receiving.take_back(asset, store, by=self.asker.label, at=clock.now(), **given)
        return self._answer(asset)

    @extend_schema(request=None, responses=AssetDetailOut)
    @action(detail=True, methods=["post"], url_path="begin-clean")
    def begin_clean(self, request: Request, number: str) -> Response:
        asset = self.see(self.get_queryset(), number=number)
        decontamination.begin(asset, by=self.asker.label, at=clock.now())
        return self._answer(asset)

    @extend_schema(request=CleanIn, responses=AssetDetailOut)
    @action(detail=True, methods=["post"])
    def clean(self, request: Request, number: str) -> Response:
        """Record the end of a clean, passed or failed."""
        asset, given = self.see(self.get_queryset(), number=number), self.read(CleanIn)
        decontamination.record(asset, by=self.asker.label, at=clock.now(), **given)
        return self._answer(asset)

    @extend_schema(request=None, responses=AssetDetailOut)
    @action(detail=True, methods=["post"], url_path="begin-test")
    def begin_test(self, request: Request, number: str) -> Response:
        asset = self.see(self.get_queryset(), number=number)
        inspections.begin(asset, by=self.asker.label, at=clock.now())
        return self._answer(asset)

    @extend_schema(request=TestIn, responses=AssetDetailOut)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, number: str) -> Response:
        """Record a test; the latest of a kind decides."""
        asset, given = self.see(self.get_queryset(), number=number), self.read(TestIn)
        inspections.record(asset, by=self.asker.label, at=clock.now(), **given)
        return self._answer(asset)

    @extend_schema(request=None, responses=AssetDetailOut)
    @action(detail=True, methods=["post"])
    def shelve(self, request: Request, number: str) -> Response:
        """Back on the clean shelf, if it is clean and tested."""
        asset = self.see(self.get_queryset(), number=number)
        inspections.shelve(asset, by=self.asker.label, at=clock.now())
        return self._answer(asset)

    @extend_schema(request=None, responses=AssetDetailOut)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, number: str) -> Response:
        """New stock has passed its acceptance check."""
        asset = self.see(self.get_queryset(), number=number)
        inspections.accept(asset, by=self.asker.label, at=clock.now())
        return self._answer(asset)

    @extend_schema(request=ReasonIn, responses=AssetDetailOut)
    @action(detail=True, methods=["post"])
    def quarantine(self, request: Request, number: str) -> Response:
        """Set aside. What is held or condemned comes back by a person's release only (rule 8)."""
        asset, given = self.see(self.get_queryset(), number=number), self.read(ReasonIn)
        must_be(asset, AssetState.QUARANTINE, "quarantine", "reject")
        advance(asset, AssetState.QUARANTINE, by=self.asker.label, at=clock.now(), **given)
        return self._answer(asset)

    @extend_schema(request=ReasonIn, responses=AssetDetailOut)
    @action(detail=True, methods=["post"])
    def condemn(self, request: Request, number: str) -> Response:
        """Out of use for good; a repair open on it ends here."""
        asset, given = self.see(self.get_queryset(), number=number), self.read(ReasonIn)
        disposal.condemn(asset, by=self.asker.label, at=clock.now(), **given)
        return self._answer(asset)

    def _answer(self, asset: Asset) -> Response:
        return Response(AssetDetailOut(asset).data)
