"""What is known of a person's body and home, what was judged, and whether products suit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import assessments, clock, fitness, overrides, people, suitability
from equipment.api.base import DISCHARGE, Viewset
from equipment.api.people import PersonOut, the_person
from equipment.days import day_of
from equipment.errors import Invalid
from equipment.models import Person, Product


class MeasurementIn(serializers.Serializer[Any]):
    weight_kg = serializers.DecimalField(
        max_digits=5, decimal_places=1, min_value=Decimal(1), required=False, allow_null=True, default=None
    )
    weighed_on = serializers.DateField(required=False, allow_null=True, default=None, help_text="Today unless given")
    height_cm = serializers.IntegerField(required=False, allow_null=True, default=None)
    sling_size = serializers.ChoiceField(people.SLING_SIZES, required=False, default="", allow_blank=True)


class FireAnswersIn(serializers.Serializer[Any]):
    smokes = serializers.BooleanField(help_text="Or somebody at home does")
    uses_oxygen = serializers.BooleanField()
    uses_emollients = serializers.BooleanField(help_text="Skin creams, which soak into bedding and burn")
    has_smoke_alarm = serializers.BooleanField(help_text="A working one")
    referred_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="To the fire service; an earlier one stays if empty"
    )


class AssessmentIn(serializers.Serializer[Any]):
    product = serializers.CharField(max_length=20, help_text="Stock code of the rail, lever or turning device")
    bed = serializers.CharField(max_length=20, required=False, default="", allow_blank=True, help_text="Empty: own")
    mattress = serializers.CharField(
        max_length=20, required=False, default="", allow_blank=True, help_text="Empty: the person's own"
    )
    suitable = serializers.BooleanField()
    assessor = serializers.CharField(max_length=80)
    assessed_on = serializers.DateField()
    review_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="A year on, unless given"
    )
    notes = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class AssessmentOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    product = serializers.CharField(source="product.stock_code")
    bed = serializers.CharField(source="bed.stock_code", default="")
    mattress = serializers.CharField(source="mattress.stock_code", default="")
    suitable = serializers.BooleanField()
    assessor = serializers.CharField()
    assessed_on = serializers.DateField()
    review_on = serializers.DateField()
    weight_kg = serializers.DecimalField(max_digits=5, decimal_places=1, allow_null=True)
    notes = serializers.CharField()
    voided_at = serializers.DateTimeField(allow_null=True)
    void_reason = serializers.CharField()


class OverrideIn(serializers.Serializer[Any]):
    product = serializers.CharField(max_length=20, help_text="Stock code")
    code = serializers.ChoiceField(sorted(fitness.OVERRIDABLE))
    reason = serializers.CharField(max_length=300)
    authorised_by = serializers.CharField(max_length=80, help_text="Name and role of who answers for it")
    expires_on = serializers.DateField()


class OverrideOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    product = serializers.CharField(source="product.stock_code")
    code = serializers.CharField()
    reason = serializers.CharField()
    authorised_by = serializers.CharField()
    made_at = serializers.DateTimeField()
    expires_on = serializers.DateField()
    ended_at = serializers.DateTimeField(allow_null=True)


class FitIn(serializers.Serializer[Any]):
    products = serializers.ListField(child=serializers.CharField(max_length=20), min_length=1, max_length=50)
    on = serializers.DateField(required=False, allow_null=True, default=None, help_text="Today unless given")


class ReasonOut(serializers.Serializer[fitness.Reason]):
    code = serializers.CharField()
    sentence = serializers.CharField()
    remedy = serializers.CharField()
    rule = serializers.IntegerField()
    overridable = serializers.BooleanField()


class FitOut(serializers.Serializer[Any]):
    product = serializers.CharField(source="product.stock_code")
    reasons = ReasonOut(many=True, help_text="Why not; empty when nothing speaks against it")


class PersonFitViewSet(Viewset):
    """What the safety rules ask of a person, and what they answer."""

    queryset = Person.objects.all()
    serializer_class = PersonOut
    filter_backends = ()
    pagination_class = None
    lookup_field = "reference"
    lookup_value_converter = "uuid"
    roles = dict.fromkeys(("measurements", "fire_answers", "assess", "override"), DISCHARGE)

    @extend_schema(request=MeasurementIn, responses={201: PersonOut})
    @action(detail=True, methods=["post"])
    def measurements(self, request: Request, reference: str) -> Response:
        """Weight with its day, height, sling size as assessed. An older weight never takes the place of a newer one."""
        person = the_person(self.asker, reference)
        measured = people.measure(person, **self.read(MeasurementIn), by=self.asker.label, at=clock.now())
        return Response(PersonOut(measured).data, status=201)

    @extend_schema(request=FireAnswersIn, responses={201: PersonOut})
    @action(detail=True, methods=["post"], url_path="fire-answers")
    def fire_answers(self, request: Request, reference: str) -> Response:
        """The fire questions, answered: an airflow mattress is not issued without."""
        person = the_person(self.asker, reference)
        answered = people.answer_fire_questions(person, **self.read(FireAnswersIn), by=self.asker.label, at=clock.now())
        return Response(PersonOut(answered).data, status=201)

    @extend_schema(responses=AssessmentOut(many=True), filters=False)
    @action(detail=True, url_path="risk-assessments")
    def risk_assessments(self, request: Request, reference: str) -> Response:
        """Every assessment of the person, newest first, void ones too."""
        rows = the_person(self.asker, reference).risk_assessments.select_related("product", "bed", "mattress")
        return Response(AssessmentOut(rows, many=True).data)

    @extend_schema(request=AssessmentIn, responses={201: AssessmentOut})
    @risk_assessments.mapping.post
    def assess(self, request: Request, reference: str) -> Response:
        """A rail, lever or turning device judged for this person, bed and mattress; it voids the one before."""
        person, given = the_person(self.asker, reference), self.read(AssessmentIn)
        for name in ("product", "bed", "mattress"):
            given[name] = _product(name, given[name]) if given[name] else None
        made = assessments.assess(person, given.pop("product"), **given, by=self.asker.label, at=clock.now())
        return Response(AssessmentOut(made).data, status=201)

    @extend_schema(responses=OverrideOut(many=True), filters=False)
    @action(detail=True)
    def overrides(self, request: Request, reference: str) -> Response:
        """What was set aside for the person, newest first, ended ones too."""
        rows = the_person(self.asker, reference).overrides.select_related("product")
        return Response(OverrideOut(rows, many=True).data)

    @extend_schema(request=OverrideIn, responses={201: OverrideOut})
    @overrides.mapping.post
    def override(self, request: Request, reference: str) -> Response:
        """Set one reason aside for one product: with why, who answers for it, and until when."""
        person, given = the_person(self.asker, reference), self.read(OverrideIn)
        product = _product("product", given.pop("product"))
        made = overrides.override(person, product, given.pop("code"), **given, by=self.asker.label, at=clock.now())
        return Response(OverrideOut(made).data, status=201)

    @extend_schema(request=FitIn, responses=FitOut(many=True), filters=False)
    @action(detail=True, methods=["post"])
    def fit(self, request: Request, reference: str) -> Response:
        """Ask before ordering: may these products go to this person? Judged together; nothing is written."""
        person, given = the_person(self.asker, reference), self.read(FitIn)
        on = given["on"] or day_of(clock.now())
        return Response(FitOut(suitability.ask(person, given["products"], on=on), many=True).data)


def _product(field: str, code: str) -> Product:
    found = Product.objects.filter(stock_code=code).first()
    if found is None:
        raise Invalid("product", f"There is no product {code!r}: look it up in the catalogue.", field=field)
    return found
