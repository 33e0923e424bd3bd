"""May this asset go to this person on this date? Pure rules over plain facts: the answer is a list of reasons why not.

An empty list is the only yes. Every reason carries a code for machines, a sentence and the remedy. Numbers of rules
are those of the forty safety rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from equipment.facts import OVERRIDABLE, Assessment, Limits, Pair, Partners, PersonFacts, ProductFacts, Reason
from equipment.states import PASSED, CleaningMethod, Infection, Reuse, TestKind, TestResult, label
from equipment.suits import standing, suits
from equipment.together import compatible

__all__ = [
    "OVERRIDABLE",
    "Assessment",
    "AssetFacts",
    "Limits",
    "Pair",
    "Partners",
    "PersonFacts",
    "ProductFacts",
    "Reason",
    "Regime",
    "Test",
    "compatible",
    "methods_for",
    "suits",
    "to_issue",
    "to_shelve",
]

_TEST_NAMES = {TestKind.FUNCTIONAL.value: "functional test"}  # inside a sentence, "Functional" alone names nothing


@dataclass(frozen=True)
class Test:
    """The latest record of one kind of test. `next_due` is None for a test that does not fall due by date."""

    __test__ = False

    result: str
    performed_at: datetime
    next_due: date | None = None
    swl_kg: int | None = None


@dataclass(frozen=True)
class Regime:
    """A test the product needs: on every return, and within `remaining_days` of validity when it is issued."""

    kind: str
    on_return: bool = False
    remaining_days: int = 0


@dataclass(frozen=True)
class AssetFacts:
    """What is known of one asset, read from the records and never from a stored verdict."""

    number: str
    product: ProductFacts
    accepted_at: datetime | None = None
    soiled_at: datetime | None = None
    cleaned_at: datetime | None = None
    repaired_at: datetime | None = None
    regimes: tuple[Regime, ...] = ()
    tests: dict[str, Test] = field(default_factory=dict)
    holders: frozenset[int] = frozenset()
    recalled: str = ""
    owing: tuple[Reason, ...] = ()


def to_shelve(asset: AssetFacts, *, on: date) -> list[Reason]:
    """Why this asset may not stand on the clean shelf on that day."""
    return [*_sound(asset), *_tested(asset, on, issuing=False)]


def to_issue(asset: AssetFacts, *, on: date, person: PersonFacts | None = None) -> list[Reason]:
    """Why this asset may not go out on that day, to that person when one is named."""
    reasons = [*_sound(asset), *_tested(asset, on, issuing=True)]
    if person is None:
        return reasons
    mine = standing([*reasons, *_single_patient(asset, person)], asset.product.code, person)
    return [*mine, *suits(asset.product, person, on=on)]


def _sound(asset: AssetFacts) -> Iterable[Reason]:
    """What does not depend on the day: recalled, dirty, used up, or owing something at the alarm centre."""
    yield from _recalled(asset)
    yield from _clean(asset)
    yield from _single_use(asset)
    yield from asset.owing


def _recalled(asset: AssetFacts) -> Iterable[Reason]:
    """Rule 36: what a safety alert in force is about stays in."""
    if asset.recalled:
        yield Reason(
            "recalled",
            f"{asset.number} is under safety alert {asset.recalled}.",
            "Do as the alert says and record it, or take another one.",
            36,
        )


def _clean(asset: AssetFacts) -> Iterable[Reason]:
    """Rules 1 and 2: clean since the last return; new stock has passed its acceptance check instead."""
    if asset.soiled_at is None:
        if asset.accepted_at is None:
            yield Reason(
                "not_accepted",
                f"{asset.number} has not passed its acceptance check.",
                "Record the acceptance check.",
                1,
            )
    elif asset.cleaned_at is None or asset.cleaned_at <= asset.soiled_at:
        yield Reason(
            "not_clean",
            f"{asset.number} has not been cleaned since it last came back or was soiled.",
            "Clean it and record the clean.",
            1,
        )


def _single_use(asset: AssetFacts) -> Iterable[Reason]:
    """Rule 9: single-use goes out once."""
    if asset.product.reuse == Reuse.SINGLE_USE and asset.holders:
        yield Reason("single_use", f"{asset.number} is single-use and has been issued before.", "Condemn it.", 9)


def _tested(asset: AssetFacts, on: date, *, issuing: bool) -> Iterable[Reason]:
    """Rules 4 and 5: every applicable test passed, newer than the last return or repair where asked, and in date long
    enough.
    """
    opened = max((moment for moment in (asset.soiled_at, asset.repaired_at) if moment), default=None)
    for regime in asset.regimes:
        name, test = _TEST_NAMES.get(regime.kind) or label(regime.kind), asset.tests.get(regime.kind)
        if test is None:
            yield Reason("test_missing", f"{asset.number} has no {name} on record.", f"Do the {name} and record it.", 4)
        elif test.result not in PASSED:
            verdict = "prohibits use" if test.result == TestResult.PROHIBIT else "failed"
            yield Reason(
                "test_failed",
                f"The last {name} of {asset.number} {verdict}.",
                "Repair and test again, or condemn it.",
                4,
            )
        elif regime.on_return and opened and test.performed_at <= opened:
            yield Reason(
                "test_stale",
                f"{asset.number} has had no {name} since it came back or was mended.",
                f"Do the {name} and record it.",
                4,
            )
        elif test.next_due and test.next_due < on:
            yield Reason(
                "test_overdue",
                f"The {name} of {asset.number} fell due on {test.next_due}.",
                f"Do the {name} and record it.",
                4,
            )
        elif issuing and test.next_due and test.next_due < on + timedelta(days=regime.remaining_days):
            yield Reason(
                "test_expires_soon",
                f"The {name} of {asset.number} falls due on {test.next_due:%d %b %Y}, "
                f"within {regime.remaining_days} days of issue.",
                f"Do the {name} before it goes out.",
                5,
                overridable=True,
            )


def _single_patient(asset: AssetFacts, person: PersonFacts) -> Iterable[Reason]:
    """Rule 9: the same person only, where that is the rule."""
    if asset.product.reuse == Reuse.SINGLE_PATIENT and asset.holders - {person.key}:
        yield Reason("single_patient", f"{asset.number} has been used by somebody else.", "Issue another one.", 9)


# Rule 3. Levels order the methods by what they kill; textiles must be laundered whatever the level.
_LEVEL = {
    CleaningMethod.DETERGENT: 1,
    CleaningMethod.CHLORINE_1000: 2,
    CleaningMethod.LAUNDER: 2,
    CleaningMethod.CHLORINE_10000: 3,
    CleaningMethod.SPORICIDAL: 4,
    CleaningMethod.LAUNDER_THERMAL: 4,
}
_NEEDED = {
    Infection.NONE_KNOWN: 1,
    Infection.SOILED: 2,
    Infection.INFESTATION: 2,
    Infection.BODY_FLUIDS: 3,
    Infection.KNOWN_INFECTION: 3,
    Infection.SPORE_FORMING: 4,
    Infection.UNKNOWN: 4,
}
_LAUNDRY = frozenset({CleaningMethod.LAUNDER, CleaningMethod.LAUNDER_THERMAL})


def methods_for(product_method: str, infection: str) -> list[str]:
    """The methods that satisfy both the product's rule and the infection declared, mildest first (rule 3)."""
    own = CleaningMethod(product_method)
    level = max(_LEVEL[own], _NEEDED[Infection(infection)])
    fitting = [m for m in CleaningMethod if (m in _LAUNDRY) == (own in _LAUNDRY) and _LEVEL[m] >= level]
    return [m.value for m in sorted(fitting, key=lambda m: _LEVEL[m])]
