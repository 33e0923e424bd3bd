"""Does one unit meet what an alert says? Pure."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipment.criteria import Criterion, Kind, Unit, about, any_meets, meets, natural

HOIST = Kind(7, "Liftwell", "Sara 3")
text = st.text(st.sampled_from("AB01 9-"), max_size=8)


def of(serial="", batch="", made_on=None, kind=HOIST):
    return Unit(kind, serial, batch, made_on)


@pytest.mark.parametrize(
    ("criterion", "met"),
    [
        (Criterion(product=7), True),
        (Criterion(product=8), False),
        (Criterion(maker="LIFTWELL "), True),
        (Criterion(maker="Liftwell", model="sara 3"), True),
        (Criterion(maker="Liftwell", model="Sara 4"), False),
        (Criterion(product=7, model="Sara 4"), False),
    ],
)
def test_it_is_about_the_product_that_it_names(criterion, met):
    """Rule 36: by product, or by maker and model as the alert gives them; all that is said must be met."""
    assert about(criterion, HOIST) is met


@pytest.mark.parametrize(
    ("serial", "met"),
    [
        ("SN9", True),
        ("sn10", True),
        ("SN0010", True),
        ("SN100", True),
        ("SN101", False),
        ("SN8", False),
        ("TN50", False),
    ],
)
def test_serials_count_as_people_count_them(serial, met):
    """Rule 36: SN9 to SN100 holds SN10, and not SN101."""
    assert meets(Criterion(product=7, serial_from="SN9", serial_to="SN100"), of(serial)) is met


def test_a_range_may_be_open_at_one_end():
    assert meets(Criterion(product=7, serial_from="5"), of("40"))
    assert not meets(Criterion(product=7, serial_to="5"), of("40"))


def test_batch_and_date_of_manufacture():
    criterion = Criterion(product=7, batch="B-7", made_from=date(2024, 1, 1), made_to=date(2024, 6, 30))
    assert meets(criterion, of(batch="b-7 ", made_on=date(2024, 6, 30)))
    assert not meets(criterion, of(batch="B-8", made_on=date(2024, 6, 30)))
    assert not meets(criterion, of(batch="B-7", made_on=date(2024, 7, 1)))
    assert not meets(criterion, of(batch="B-7", made_on=date(2023, 12, 31)))


def test_what_is_not_on_record_clears_nothing():
    """Rule 36: a unit whose serial, batch or date nobody wrote down counts as one of them until somebody has looked."""
    criterion = Criterion(product=7, serial_from="1", serial_to="2", batch="B", made_from=date(2024, 1, 1))
    assert meets(criterion, of())
    assert not meets(criterion, of(serial="3"))


def test_any_criterion_will_do():
    assert any_meets([Criterion(product=8), Criterion(product=7)], of())
    assert not any_meets([], of())


@settings(max_examples=50)
@given(st.integers(0, 10**12), st.integers(0, 10**12), st.sampled_from(["", "A", "SN-"]))
def test_behind_equal_letters_the_number_decides(one, other, prefix):
    assert (natural(f"{prefix}{one}") < natural(f"{prefix}{other}")) == (one < other)


@settings(max_examples=50)
@given(text, text, text)
def test_the_order_is_one_order(one, two, three):
    a, b, c = natural(one), natural(two), natural(three)
    assert (a <= b) or (b <= a)
    assert not (a <= b <= c) or a <= c
    assert natural(f" {one.lower()} ") == a


@settings(max_examples=50)
@given(text, text, text)
def test_a_range_holds_its_ends_and_nothing_outside(first, last, serial):
    first, last = sorted((first, last), key=natural)
    criterion = Criterion(product=7, serial_from=first, serial_to=last)
    assert meets(criterion, of(first)) and meets(criterion, of(last))
    key, ends = natural(serial), (natural(first), natural(last))
    nameless = not any(word == 0 for word, _, _ in key) and any(word == 0 for end in ends for word, _, _ in end)
    inside = not key or nameless or ((not ends[0] or ends[0] <= key) and (not ends[1] or key <= ends[1]))
    assert meets(criterion, of(serial)) == inside
