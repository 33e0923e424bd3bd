"""Risk assessments of rails, levers and turning devices: for this person, on this bed and mattress (rule 13)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from equipment import locks, people
from equipment.days import day_of
from equipment.errors import Invalid, Refused
from equipment.models import Person, Product, RiskAssessment
from equipment.together import JUDGED
from equipment.words import Use

ASSESSED = JUDGED
MATTRESSES = frozenset({Use.MATTRESS, Use.AIRFLOW})


@transaction.atomic
def assess(
    person: Person,
    product: Product,
    *,
    bed: Product | None = None,
    mattress: Product | None = None,
    suitable: bool,
    assessor: str,
    assessed_on: date,
    review_on: date | None = None,
    notes: str = "",
    by: str,
    at: datetime,
) -> RiskAssessment:
    """What somebody judged of this product for this person, on that bed and mattress; without them, on the person's
    own. It keeps the weight of that day, and voids an earlier assessment of the same (rule 13).

    Raises Invalid for a product that needs none or for days that cannot be, Refused when a newer one stands.
    """
    _of_its_use(product, bed, mattress)
    review_on = _reviewed(assessed_on, review_on, at)
    if not assessor.strip():
        raise Invalid("assessor", "Give the name of who assessed.", field="assessor")
    held = people.hold(person)
    former = RiskAssessment.objects.filter(
        person=held, product=product, bed=bed, mattress=mattress, voided_at__isnull=True
    ).first()
    if former is not None and former.assessed_on > assessed_on:
        raise Refused(
            "newer_assessment",
            f"An assessment of {former.assessed_on:%d %b %Y} stands: this one is older and is not taken.",
            field="assessed_on",
        )
    made = RiskAssessment.objects.create(
        person=held,
        product=product,
        bed=bed,
        mattress=mattress,
        suitable=suitable,
        assessor=assessor.strip(),
        assessed_on=assessed_on,
        review_on=review_on,
        weight_kg=held.weight_kg,
        notes=notes,
        recorded_at=at,
        recorded_by=by,
    )
    people.note(held, "assess", by=by, at=at, assessment=made.pk, product=product.stock_code)
    if former is not None:
        _void(former, "Assessed anew", by=by, at=at)
    return made


@transaction.atomic
def void(assessment: RiskAssessment, *, reason: str, by: str, at: datetime) -> RiskAssessment:
    """It counts no more, from now on: the bed was changed, or it was recorded by mistake. Its row stays (rule 13)."""
    if not reason.strip():
        raise Invalid("reason_needed", "Say why it counts no more.", field="reason")
    locks.person(assessment.person)
    assessment.refresh_from_db()
    if assessment.voided_at is not None:
        raise Refused("voided", "This assessment is void already.")
    return _void(assessment, reason.strip(), by=by, at=at)


def _void(assessment: RiskAssessment, reason: str, *, by: str, at: datetime) -> RiskAssessment:
    assessment.voided_at, assessment.voided_by, assessment.void_reason = at, by, reason
    assessment.save(update_fields=["voided_at", "voided_by", "void_reason"])
    people.note(assessment.person, "void_assessment", by=by, at=at, reason=reason, assessment=assessment.pk)
    return assessment


def standing(person: Person, on: date) -> QuerySet[RiskAssessment]:
    """Those not void and not due for review on that day, newest first. Whether the bed, the mattress or the weight has
    changed since is for fitness to say.
    """
    rows = RiskAssessment.objects.filter(person=person, voided_at__isnull=True)
    return rows.filter(assessed_on__lte=on, review_on__gte=on).select_related("product", "bed", "mattress")


def _of_its_use(product: Product, bed: Product | None, mattress: Product | None) -> None:
    if product.use not in ASSESSED:
        raise Invalid(
            "not_assessed", f"{product} needs no assessment: rails, levers and turning devices do.", field="product"
        )
    if bed is not None and bed.use != Use.BED:
        raise Invalid("not_a_bed", f"{bed} is no bed: give the bed, or none for the person's own.", field="bed")
    if mattress is not None and mattress.use not in MATTRESSES:
        raise Invalid(
            "not_a_mattress",
            f"{mattress} is no mattress: give the mattress, or none for the person's own.",
            field="mattress",
        )


def _reviewed(assessed_on: date, review_on: date | None, at: datetime) -> date:
    """The day up to which it counts: at most so long after it was made, and not past already."""
    today, latest = day_of(at), assessed_on + timedelta(days=settings.SERVICE["ASSESSMENT_DAYS"])
    if assessed_on > today:
        raise Invalid("assessed_on", "The day of the assessment lies ahead: correct it.", field="assessed_on")
    review_on = latest if review_on is None else review_on
    if not assessed_on <= review_on <= latest:
        raise Invalid(
            "review_on",
            f"The review must fall between the assessment and {latest:%d %b %Y}.",
            field="review_on",
        )
    if review_on < today:
        raise Invalid("review_on", "The review of this assessment is past: assess again.", field="review_on")
    return review_on
