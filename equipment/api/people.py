from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock, holdings, people
from equipment.api.base import DISCHARGE, Asker, Viewset, organisation_for, scoped
from equipment.errors import Missing
from equipment.models import Person


class AddressIn(serializers.Serializer[Any]):
    line1 = serializers.CharField(max_length=120)
    line2 = serializers.CharField(max_length=120, required=False, allow_blank=True)
    town = serializers.CharField(max_length=60, required=False, allow_blank=True)
    postcode = serializers.CharField(max_length=10)
    access_notes = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="Never a key-safe code"
    )
    stairs = serializers.BooleanField(required=False)
    parking = serializers.CharField(max_length=120, required=False, allow_blank=True)
    received_by = serializers.CharField(max_length=120, required=False, allow_blank=True, help_text="Who will be in")
    has_key_safe = serializers.BooleanField(required=False)


class AddressOut(AddressIn):
    reference = serializers.UUIDField()
    accuracy = serializers.CharField()
    location_problem = serializers.CharField()


class PersonIn(serializers.Serializer[Any]):
    organisation = serializers.CharField(required=False, default="", help_text="Code; your own unless given")
    given_name = serializers.CharField(max_length=60)
    family_name = serializers.CharField(max_length=60)
    born_on = serializers.DateField(required=False, allow_null=True, default=None)
    nhs_number = serializers.CharField(max_length=14, required=False, default="", allow_blank=True)
    phone = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    weight_kg = serializers.DecimalField(
        max_digits=5, decimal_places=1, min_value=Decimal(1), required=False, allow_null=True, default=None
    )
    weighed_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Today, unless given; an old weight counts as none"
    )
    height_cm = serializers.IntegerField(required=False, allow_null=True, default=None)
    sling_size = serializers.ChoiceField(people.SLING_SIZES, required=False, default="", allow_blank=True)
    smokes = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Or somebody at home does; null: not asked"
    )
    uses_oxygen = serializers.BooleanField(required=False, allow_null=True, default=None)
    uses_emollients = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Skin creams, which soak into bedding and burn"
    )
    has_smoke_alarm = serializers.BooleanField(required=False, allow_null=True, default=None)
    address = AddressIn()


class PersonOut(serializers.Serializer[Person]):
    reference = serializers.UUIDField()
    organisation = serializers.CharField(source="organisation.code")
    given_name = serializers.CharField()
    family_name = serializers.CharField()
    born_on = serializers.DateField(allow_null=True)
    nhs_number = serializers.CharField(allow_null=True)
    phone = serializers.CharField()
    weight_kg = serializers.DecimalField(max_digits=5, decimal_places=1, allow_null=True)
    weighed_on = serializers.DateField(allow_null=True)
    height_cm = serializers.IntegerField(allow_null=True)
    sling_size = serializers.CharField()
    smokes = serializers.BooleanField(allow_null=True)
    uses_oxygen = serializers.BooleanField(allow_null=True)
    uses_emollients = serializers.BooleanField(allow_null=True)
    has_smoke_alarm = serializers.BooleanField(allow_null=True)
    fire_referred_on = serializers.DateField(allow_null=True)
    living = serializers.CharField(help_text="home, hospital or care_home")
    died_on = serializers.DateField(allow_null=True)
    addresses = AddressOut(many=True)


class LoanOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    product = serializers.CharField(source="product.stock_code")
    product_name = serializers.CharField(source="product.name")
    asset = serializers.CharField(source="asset.number", allow_null=True, default=None)
    quantity = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


def the_person(asker: Asker, reference: str) -> Person:
    """Whom a reference means now: a record merged into another answers as that one (rule 29)."""
    rows = scoped(Person.objects.select_related("organisation", "merged_into__organisation"), asker)
    found = rows.filter(reference=reference).first()
    person = people.current(found) if found else None
    if person is None or person.organisation_id not in asker.organisations:
        raise Missing("not_found", "There is no such thing, or not for you.")
    return person


class PersonViewSet(Viewset):
    """Who receives equipment. Found by reference only: there is no list of people to page through."""

    queryset = Person.objects.select_related("organisation").prefetch_related("addresses")
    serializer_class = PersonOut
    filter_backends = ()
    lookup_field = "reference"
    lookup_value_converter = "uuid"
    roles = {"create": DISCHARGE}

    def get_queryset(self) -> QuerySet[Person]:
        return scoped(super().get_queryset(), self.asker)

    @extend_schema(request=PersonIn, responses={201: PersonOut})
    @transaction.atomic
    def create(self, request: Request) -> Response:
        """Register a person with the address that equipment goes to."""
        given = self.read(PersonIn)
        address = given.pop("address")
        organisation = organisation_for(self.asker, given.pop("organisation"))
        person = people.register(organisation, people.Particulars(**given), at=clock.now())
        people.add_address(person, **address)
        return Response(PersonOut(person).data, status=201)

    def retrieve(self, request: Request, reference: str) -> Response:
        """The person. A record that was merged into another answers as that one, under its reference."""
        return Response(PersonOut(the_person(self.asker, reference)).data)

    @extend_schema(responses=LoanOut(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def loans(self, request: Request, reference: str) -> Response:
        """What the person has at home now."""
        person = the_person(self.asker, reference)
        return Response(LoanOut(holdings.open_loans(person.pk), many=True).data)
