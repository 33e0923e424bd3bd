"""Is it worth mending? Pure: facts in, reasons out. An empty list is the only yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from equipment.fitness import Reason

# Money and wear are no rule of the safety contract.
_NO_RULE = 0


@dataclass(frozen=True)
class WorthFacts:
    """What is known of one asset and of the repair it needs. `quote` is labour and parts in pounds."""

    number: str
    received_on: date
    on: date
    loans: int
    quote: Decimal
    price: Decimal  # of a new one
    cost_percent: int  # of that price: above it, mending is not worth its cost
    life_years: int | None = None
    life_loans: int | None = None


def not_worth_mending(facts: WorthFacts) -> list[Reason]:
    """Why it should be condemned rather than mended: too old, too often out, or too dear."""
    return [*_too_old(facts), *_worn_out(facts), *_too_dear(facts)]


def _too_old(facts: WorthFacts) -> list[Reason]:
    """Older than its working life: on the very anniversary it is not yet."""
    since, on = facts.received_on, facts.on
    if facts.life_years is None or (on.year - facts.life_years, on.month, on.day) <= (
        since.year,
        since.month,
        since.day,
    ):
        return []
    sentence = f"{facts.number} came on {since:%d %b %Y}: its working life is {facts.life_years} years."
    return [_reason("too_old", sentence)]


def _worn_out(facts: WorthFacts) -> list[Reason]:
    if facts.life_loans is None or facts.loans <= facts.life_loans:
        return []
    sentence = f"{facts.number} has been out {facts.loans} times: its working life is {facts.life_loans} loans."
    return [_reason("worn_out", sentence)]


def _too_dear(facts: WorthFacts) -> list[Reason]:
    limit = facts.price * facts.cost_percent / 100
    if not facts.price or facts.quote <= limit:
        return []
    sentence = (
        f"Mending {facts.number} costs £{facts.quote:.2f}: more than {facts.cost_percent}% of the £{facts.price:.2f} "
        "that a new one costs."
    )
    return [_reason("too_dear", sentence)]


def _reason(code: str, sentence: str) -> Reason:
    return Reason(code, sentence, "Condemn it, or let a manager say why it is mended all the same.", _NO_RULE)
