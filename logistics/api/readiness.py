from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock
from equipment.api.base import Viewset, scoped
from logistics import board
from logistics.api.discharges import DischargeFilter
from logistics.api.shared import ReadinessOut
from logistics.models import Discharge
from logistics.readiness import Word
from logistics.states import DischargeState


class ReadinessFilter(DischargeFilter):
    state = django_filters.ChoiceFilter(choices=[(s.value, s.value) for s in DischargeState])


class ReadinessViewSet(Viewset):
    """Every person expected home, with one word each: will the kit be there?"""

    queryset = Discharge.objects.select_related("person").order_by("expected_on", "id")
    serializer_class = ReadinessOut
    filterset_class = ReadinessFilter

    def get_queryset(self) -> QuerySet[Discharge]:
        rows = scoped(super().get_queryset(), self.asker)
        return rows if "state" in self.request.query_params else rows.filter(state=DischargeState.EXPECTED)

    @extend_schema(
        parameters=[
            OpenApiParameter("word", str, enum=[w.value for w in Word], description="Only these, within the page")
        ]
    )
    def list(self, request: Request) -> Response:
        """Those expected home, soonest first; filter by ward, hospital, date or word."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        rows: list[Any] = board.rows(page or [], at=clock.now())
        word = request.query_params.get("word")
        return self.get_paginated_response(
            ReadinessOut([r for r in rows if not word or r.readiness.word == word], many=True).data
        )
