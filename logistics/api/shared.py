"""Output that several resources share."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from logistics.models import Visit


class WindowOut(serializers.Serializer[Any]):
    opens = serializers.DateTimeField()
    closes = serializers.DateTimeField()


class ReadinessOut(serializers.Serializer[Any]):
    """`word` is computed from the facts at the moment of asking; `reason` and `next_action` are for people."""

    discharge = serializers.UUIDField(source="discharge.reference")
    person = serializers.CharField(source="discharge.person.initials", help_text="Initials only")
    hospital = serializers.CharField(source="discharge.hospital")
    ward = serializers.CharField(source="discharge.ward")
    expected_on = serializers.DateField(source="discharge.expected_on", allow_null=True)
    needed_by = serializers.DateTimeField(allow_null=True)
    readiness = serializers.CharField(source="readiness.word")
    reason = serializers.CharField(source="readiness.reason")
    next_action = serializers.CharField(source="readiness.next_action")
    window = serializers.SerializerMethodField()
    in_place_on_time = serializers.BooleanField(source="readiness.in_place_on_time", allow_null=True)

    def get_window(self, row: Any) -> dict[str, str] | None:
        window = row.readiness.window
        return {"opens": window[0].isoformat(), "closes": window[1].isoformat()} if window else None


class VisitOut(serializers.Serializer[Visit]):
    reference = serializers.UUIDField()
    state = serializers.CharField()
    critical = serializers.BooleanField()
    needed_by = serializers.DateTimeField(allow_null=True)
    window_from = serializers.DateTimeField(allow_null=True)
    window_to = serializers.DateTimeField(allow_null=True)
    unplanned_reason = serializers.CharField()
    failure = serializers.CharField()
    store = serializers.CharField(source="store.code")
    discharge = serializers.UUIDField(source="discharge.reference", allow_null=True, default=None)
