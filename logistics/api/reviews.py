from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock
from equipment.api.base import DISCHARGE, Newest, Viewset, scoped
from equipment.errors import Invalid
from equipment.models import Loan
from equipment.states import choices
from logistics import promises, reviews
from logistics.models import Review
from logistics.states import ReviewOutcome, ReviewReason


class ReviewOut(serializers.Serializer[Review]):
    """`reminders` counts how often the prescriber was reminded; after the third, the call centre asks."""

    id = serializers.IntegerField()
    loan = serializers.IntegerField(source="loan_id")
    person = serializers.UUIDField(source="loan.person.reference")
    product = serializers.CharField(source="loan.product.stock_code")
    product_name = serializers.CharField(source="loan.product.name")
    asset = serializers.CharField(source="loan.asset.number", allow_null=True, default=None)
    prescriber = serializers.CharField(source="prescriber.name", allow_null=True, default=None, help_text="Name")
    reason = serializers.CharField()
    due_on = serializers.DateField()
    reminders = serializers.IntegerField()
    outcome = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()


class AskIn(serializers.Serializer[Any]):
    loan = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    reason = serializers.ChoiceField(choices(ReviewReason), default=ReviewReason.ASKED)


class DecideIn(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices(ReviewOutcome))
    next_review_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Needed to keep it: when it is asked about next"
    )
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class ReviewFilter(django_filters.FilterSet):
    prescriber = django_filters.CharFilter(field_name="prescriber__pin")
    state = django_filters.ChoiceFilter(
        choices=[("open", "Open"), ("due", "Due"), ("decided", "Decided")], method="by_state", label="state"
    )

    def by_state(self, queryset: QuerySet[Review], name: str, value: str) -> QuerySet[Review]:
        due = Q(decided_at__isnull=True, due_on__lte=promises.today(clock.now()))
        words = {"open": Q(decided_at__isnull=True), "due": due, "decided": Q(decided_at__isnull=False)}
        return queryset.filter(words[value])


class ReviewViewSet(Viewset):
    """Is it still needed? The questions to the prescribers about what is on loan, and their answers."""

    queryset = Review.objects.select_related("loan__product", "loan__asset", "loan__person", "prescriber")
    serializer_class = ReviewOut
    filterset_class = ReviewFilter
    pagination_class = Newest
    lookup_value_regex = "[0-9]{1,18}"
    roles = dict.fromkeys(("create", "decide"), DISCHARGE)

    def get_queryset(self) -> QuerySet[Review]:
        return scoped(super().get_queryset(), self.asker, "loan__person__organisation")

    def list(self, request: Request) -> Response:
        """The work list: filter by `prescriber` and `state`."""
        return self.paged(self.get_queryset(), ReviewOut)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(ReviewOut(self.see(self.get_queryset(), pk=pk)).data)

    @extend_schema(request=AskIn, responses={201: ReviewOut})
    def create(self, request: Request) -> Response:
        """Ask about a loan before its date comes. Asking again answers with the question there already is."""
        given = self.read(AskIn)
        loan = scoped(Loan.objects.all(), self.asker, "person__organisation").filter(pk=given["loan"]).first()
        if loan is None:
            raise Invalid("loan", "There is no such loan.", field="loan")
        made = reviews.ask(loan, given["reason"], by=self.asker.label, at=clock.now())
        return Response(ReviewOut(self.get_queryset().get(pk=made.pk)).data, status=201)

    @extend_schema(request=DecideIn, responses=ReviewOut)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Keep it until the next review, swap it for another, or have it collected."""
        review, given = self.see(self.get_queryset(), pk=pk), self.read(DecideIn)
        reviews.decide(review, given.pop("outcome"), by=self.asker.label, at=clock.now(), **given)
        return Response(ReviewOut(self.get_queryset().get(pk=review.pk)).data)
