"""May this product go to this person, with what they have and are promised? Pure rules: a list of reasons why not.

They are asked of whatever goes to a person, numbered or counted: at the order, when it is reserved, picked and loaded,
and at the door.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from equipment.facts import PersonFacts, ProductFacts, Reason
from equipment.together import judged, together
from equipment.words import Use

_LYING = frozenset({Use.BED, Use.MATTRESS, Use.AIRFLOW, Use.RAIL, Use.LEVER, Use.TURNING})
_LIFTING = frozenset({Use.HOIST, Use.SPREADER, Use.SLING})
CARRYING = _LYING | _LIFTING
_FOR_ADULTS = frozenset({Use.BED, Use.RAIL})
_OF_AGE = 18


def suits(product: ProductFacts, person: PersonFacts, *, on: date) -> list[Reason]:
    """Everything about product and person on that day, but what was overridden for a time."""
    if person.asked is not None and product.code not in person.asked:
        raise ValueError(f"The facts of this person were not read for {product.code}: name it in `adding` or `asking`.")
    reasons = [
        *_carried(product, person, on),
        *_body(product, person, on),
        *_sling(product, person),
        *together(product, person),
        *judged(product, person, on),
        *_fire(product, person),
        *_line(product, person, on),
    ]
    return standing(reasons, product.code, person)


def standing(reasons: Iterable[Reason], code: str, person: PersonFacts) -> list[Reason]:
    """Without those that may be overridden and are, for this product."""
    return [r for r in reasons if not (r.overridable and (code, r.code) in person.overrides)]


def system(product: ProductFacts, person: PersonFacts) -> list[ProductFacts]:
    """What carries the person together with this product: all they lie on, or all that lifts them; else it alone."""
    for uses in (_LYING, _LIFTING):
        if product.use in uses:
            return [product, *(other for other in person.around if other.use in uses)]
    return [product]


def weakest(parts: Iterable[ProductFacts]) -> ProductFacts | None:
    """The part that carries least; None when no load is known of any."""
    known = [part for part in parts if part.safe_working_load_kg is not None]
    return min(known, key=lambda part: part.safe_working_load_kg or 0, default=None)


def _carried(product: ProductFacts, person: PersonFacts, on: date) -> Iterable[Reason]:
    """Rule 12: the weakest part of the whole against the person's weight. A weight too old counts as none, unless it
    is too much already.
    """
    least = weakest(system(product, person))
    limit = None if least is None else least.safe_working_load_kg
    if least is not None and limit is not None and person.weight_kg is not None and person.weight_kg > limit:
        together = "" if least.code == product.code else f"{product.name} is used with {least.name}: "
        yield Reason(
            "too_heavy",
            f"{together}{least.name} carries {limit} kg at most; the person weighs {person.weight_kg:g} kg.",
            "Order a product with a higher safe working load.",
            12,
        )
    elif product.weight_critical and person.weight_kg is None:
        yield Reason("weight_missing", "The person's weight is not on record.", "Ask for the weight and its date.", 12)
    elif product.weight_critical and not _weighed(person, on):
        when = f"on {person.weighed_on:%d %b %Y}" if person.weighed_on else "on a day not recorded"
        yield Reason(
            "weight_stale",
            f"The person was last weighed {when}; a weight counts for {person.limits.weight_valid_days} days.",
            "Ask for a new weight and its date.",
            12,
        )


def _weighed(person: PersonFacts, on: date) -> bool:
    valid = timedelta(days=person.limits.weight_valid_days)
    return person.weighed_on is not None and person.weighed_on + valid >= on


def _body(product: ProductFacts, person: PersonFacts, on: date) -> Iterable[Reason]:
    """Rule 12: adult beds and rails trap a small body. Not knowing stops only what is for a child."""
    cm, kg, bmi = _least_body(product, person)
    height, weight = person.height_cm, person.weight_kg
    small = []
    if height is not None and height < cm:
        small.append(f"{height} cm tall, and it is for {cm} cm and over")
    if weight is not None and weight < kg:
        small.append(f"{weight:g} kg, and it is for {kg} kg and over")
    if height and weight is not None and weight * 10_000 < bmi * height * height:
        small.append(f"of body mass index {weight * 10_000 / height / height:.1f}, and it is for {bmi} and over")
    if small:
        yield Reason(
            "too_small",
            f"{product.name} is too big for this person: {'; '.join(small)}.",
            "Order one made for a smaller body, or have it assessed and overridden.",
            12,
            overridable=True,
        )
    elif (cm or kg or bmi) and (not height or weight is None) and _is_child(person, on):
        yield Reason(
            "size_unknown",
            f"{product.name} is for adults, and the height or weight of this child is not on record.",
            "Record both, order one made for children, or have it assessed and overridden.",
            12,
            overridable=True,
        )


def _least_body(product: ProductFacts, person: PersonFacts) -> tuple[int, int, int]:
    """The least height, weight and body mass index: the maker's, or for a bed or rail the service's."""
    limits = person.limits
    usual = (limits.small_body_cm, limits.small_body_kg, limits.small_body_bmi)
    if product.use not in _FOR_ADULTS:
        usual = (0, 0, 0)
    own = (product.min_height_cm, product.min_weight_kg, product.min_bmi)
    cm, kg, bmi = (mine if mine is not None else theirs for mine, theirs in zip(own, usual, strict=True))
    return cm, kg, bmi


def _is_child(person: PersonFacts, on: date) -> bool:
    if person.born_on is None:
        return False
    birthday_to_come = (on.month, on.day) < (person.born_on.month, person.born_on.day)
    return on.year - person.born_on.year - birthday_to_come < _OF_AGE


def _sling(product: ProductFacts, person: PersonFacts) -> Iterable[Reason]:
    """Rule 12: a sling is of the size assessed."""
    size, assessed = product.size.strip().upper(), person.sling_size.strip().upper()
    if product.use != Use.SLING or not size or size == assessed:
        return
    if not assessed:
        yield Reason(
            "sling_size_missing",
            "No sling size is on record for this person.",
            "Ask for the size as assessed and record it.",
            12,
        )
    else:
        yield Reason(
            "wrong_sling_size",
            f"{product.name} is of size {size}; this person was assessed for {assessed}.",
            f"Order a sling of size {assessed}.",
            12,
        )


def _fire(product: ProductFacts, person: PersonFacts) -> Iterable[Reason]:
    """Rule 12: an airflow mattress feeds a fire; smoke, oxygen and creams start and spread one."""
    if product.use != Use.AIRFLOW:
        return
    asked = {
        "smoking": person.smokes,
        "oxygen": person.uses_oxygen,
        "skin creams": person.uses_emollients,
    }
    unasked = [what for what, answer in asked.items() if answer is None]
    risks = [what for what, answer in asked.items() if answer]
    if unasked:
        yield Reason(
            "fire_unasked",
            f"{product.name} is an airflow mattress, and nobody has asked about {', '.join(unasked)}.",
            "Ask and record the answers.",
            12,
        )
    if risks and not (person.has_smoke_alarm or person.fire_referred):
        yield Reason(
            "fire_risk",
            f"{product.name} is an airflow mattress, and there is {', '.join(risks)} at home without a working smoke "
            "alarm or a referral to the fire service.",
            "Have an alarm fitted or refer the person to the fire service, and record it.",
            12,
            overridable=True,
        )


def _line(product: ProductFacts, person: PersonFacts, on: date) -> Iterable[Reason]:
    """Rule 38: a hub that needs an analogue line cannot call once the lines are switched off."""
    off = person.limits.analogue_switch_off
    if product.analogue and on >= off:
        yield Reason(
            "analogue_only",
            f"{product.name} needs an analogue line, and these are switched off from {off:%d %b %Y} on.",
            "Order a digital one.",
            38,
        )
