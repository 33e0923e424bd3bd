"""The people of a file of loans: found again by reference, NHS number, or name, birth and postcode; else registered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Lower

from equipment import people
from equipment.errors import DomainError
from equipment.imports.columns import Line
from equipment.imports.steps import Scope, Step
from equipment.models import Address, Person

Name = tuple[str, str, Any]


def postcode(text: str) -> str:
    return "".join(text.upper().split())


def name(given: Mapping[str, Any]) -> Name:
    return (given["family_name"].lower(), given["given_name"].lower(), given.get("born_on"))


def reference(given: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID(given["person_reference"]) if "person_reference" in given else None
    except ValueError:
        return None


class People:
    """Those whom some lines may mean, with their addresses, read at once."""

    def __init__(self, scope: Scope, lines: Sequence[Line]) -> None:
        given = [line.given for line in lines]
        self.scope = scope
        references = [found for found in map(reference, given) if found]
        numbers = [_digits(each["nhs_number"]) for each in given if "nhs_number" in each]
        families = {each["family_name"].lower() for each in given}
        days = [each["born_on"] for each in given if "born_on" in each]
        named = Q(family__in=families) & (Q(born_on__in=days) | Q(born_on__isnull=True))
        rows = Person.objects.annotate(family=Lower("family_name")).filter(organisation=scope.organisation)
        self.by_reference: dict[UUID, Person] = {}
        self.by_number: dict[str, Person] = {}
        self.by_name: dict[Name, list[Person]] = defaultdict(list)
        for person in rows.filter(named | Q(reference__in=references) | Q(nhs_number__in=numbers)).prefetch_related(
            "addresses"
        ):
            self._know(person)
        elsewhere = Person.objects.filter(reference__in=references).exclude(organisation=scope.organisation)
        self.elsewhere = set(elsewhere.values_list("reference", flat=True))

    def _know(self, person: Person) -> None:
        self.by_reference[person.reference] = person
        if person.nhs_number:
            self.by_number[person.nhs_number] = person
        self.by_name[person.family_name.lower(), person.given_name.lower(), person.born_on].append(person)

    def of(self, step: Step) -> Person | None:
        """Whom the line means; None for somebody new, or, with the reason on the step, for nobody who can be."""
        given, known = step.line.given, reference(step.line.given)
        if "person_reference" in given and known is None:
            step.refuse("person_reference", "no_reference", "This is no reference as exported: leave it empty.")
            return None
        if known in self.elsewhere:
            step.refuse("person_reference", "not_yours", "This person is another organisation's: leave the row out.")
            return None
        number = self._number(step)
        person = self.by_reference.get(known) if known else None
        return person or self._numbered(step, number) or self._named(step, number)

    def _number(self, step: Step) -> str:
        if "nhs_number" not in step.line.given:
            return ""
        try:
            return people.nhs_number(step.line.given["nhs_number"])
        except DomainError as error:
            step.refuse("nhs_number", error.code, error.detail)
            return ""

    def _numbered(self, step: Step, number: str) -> Person | None:
        """By NHS number; refused when the name or the birth says that it is somebody else (rule 29)."""
        person, given = self.by_number.get(number), step.line.given
        if person is None:
            return None
        born = given.get("born_on")
        if person.family_name.lower() != given["family_name"].lower() or (
            born and person.born_on and born != person.born_on
        ):
            step.refuse(
                "nhs_number", "nhs_number_taken", "Somebody of another name or birth has this NHS number: correct it."
            )
        return person

    def _named(self, step: Step, number: str) -> Person | None:
        given = step.line.given
        wanted = postcode(given["postcode"])
        found = [p for p in self.by_name[name(given)] if any(postcode(a.postcode) == wanted for a in p.addresses.all())]
        if len(found) > 1:
            step.refuse("family_name", "several_people", "Several people fit: give the reference or the NHS number.")
        elif found and number and found[0].nhs_number:
            step.refuse("nhs_number", "nhs_number_differs", "This person has another NHS number on record: correct it.")
        return found[0] if found else None

    def registered(self, step: Step) -> Person:
        """Whom the line means, on record from now on."""
        person = self.of(step)
        if person is None:
            given = step.line.given
            person = people.register(self.scope.organisation, _particulars(given), at=self.scope.at)
            known = reference(given)
            if known and known not in self.by_reference:
                # Keeps the thread to the other files of an export, which say this reference too.
                Person.objects.filter(pk=person.pk).update(reference=known)
                person.reference = known
        return person

    def address(self, person: Person, step: Step) -> Address:
        """Where the line says the person lives, on record from now on."""
        given = step.line.given
        line1, wanted = given["line1"].lower(), postcode(given["postcode"])
        for address in person.addresses.all():
            if postcode(address.postcode) == wanted and address.line1.lower() == line1:
                return address
        fields = {field: given[field] for field in ("line1", "line2", "town", "postcode") if field in given}
        made = people.add_address(person, **fields)
        self._know(Person.objects.prefetch_related("addresses").get(pk=person.pk))
        return made


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _particulars(given: Mapping[str, Any]) -> people.Particulars:
    return people.Particulars(
        given["given_name"],
        given["family_name"],
        given.get("born_on"),
        given.get("nhs_number", ""),
        given.get("phone", ""),
    )
