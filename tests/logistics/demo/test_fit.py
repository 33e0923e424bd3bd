"""Everybody of the story is asked, measured and assessed as the safety rules want it, or the story would break off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from equipment import people
from equipment.together import JUDGED
from equipment.words import Use
from logistics.demo import cast, catalogue, makers
from logistics.demo.cast import Part

EVERYBODY = (*cast.CAST, *cast.NEXT)
PARTS = {code: parts for code, _, _, _, parts in catalogue.COMPOSITES}


def kit(part: Part) -> Iterator[str]:
    for code in part.kit:
        yield from PARTS.get(code, {code: 1})


def of_use(part: Part, *uses: str) -> list[str]:
    return [code for code in kit(part) if code in makers.MADE and makers.MADE[code].use in uses]


@pytest.mark.parametrize("part", EVERYBODY, ids=lambda part: part.key)
def test_rails_and_levers_are_judged_on_the_bed_and_mattress_that_come_with_them(part: Part) -> None:
    """Rule 13: for this person, bed and mattress."""
    [bed] = of_use(part, Use.BED) or [""]
    [mattress] = of_use(part, Use.MATTRESS, Use.AIRFLOW) or [""]
    assert set(part.judged) == {(device, bed, mattress) for device in of_use(part, *JUDGED)}


@pytest.mark.parametrize("part", EVERYBODY, ids=lambda part: part.key)
def test_slings_are_of_the_size_assessed_and_airflow_mattresses_asked_about(part: Part) -> None:
    """Rule 12: a sling of the assessed size; the fire questions before an airflow mattress."""
    assert {makers.MADE[code].size for code in of_use(part, Use.SLING)} <= {part.sling}
    assert part.sling in ("", *people.SLING_SIZES)
    assert bool(of_use(part, Use.AIRFLOW)) == (len(part.fire) == 4)


def test_what_the_maker_says_is_of_products_in_the_catalogue() -> None:
    known = {one.code for one in (*catalogue.NUMBERED, *catalogue.COUNTED)}
    assert set(makers.MADE) | {code for pair in makers.APPROVED for code in pair} <= known
