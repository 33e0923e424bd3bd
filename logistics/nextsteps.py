"""The next step after something did not work, or that a person has to decide: who owns it (rule 33)."""

from __future__ import annotations

from datetime import date, datetime

from equipment.models import Loan, Person
from logistics.models import FollowUp, Visit
from logistics.states import FollowUpKind

MOST_WORDS = 300


def follow_up(
    kind: FollowUpKind,
    action: str,
    *,
    owner: str,
    at: datetime,
    visit: Visit | None = None,
    person: Person | None = None,
    loan: Loan | None = None,
    due_on: date | None = None,
) -> FollowUp:
    """Raise one. About a loan there is one open at a time of each kind: asking again gives the one there is."""
    about = person or (visit.person if visit is not None else loan.person if loan is not None else None)
    if about is None:
        raise ValueError("A follow-up is about a visit, a person or a loan.")
    if loan is not None:
        known = FollowUp.objects.filter(loan=loan, kind=kind, closed_at__isnull=True).first()
        if known is not None:
            return known
    return FollowUp.objects.create(
        kind=kind,
        action=action[:MOST_WORDS],
        owner=owner,
        raised_at=at,
        visit=visit,
        person=about,
        loan=loan,
        due_on=due_on,
    )
