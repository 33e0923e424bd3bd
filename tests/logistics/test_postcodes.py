"""The shape of a postcode. Every postcode here is invented: no area is called ZX or Z."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics.postcodes import compact, is_postcode, is_pseudo, normalise, parse, sector_of

OUTWARDS = st.one_of(
    st.from_regex(r"\AZ[1-9]\Z"),
    st.from_regex(r"\AZ[1-9][0-9]\Z"),
    st.from_regex(r"\AZ[1-9][A-HJKPSTUW]\Z"),
    st.from_regex(r"\AZX[1-9]\Z"),
    st.from_regex(r"\AZX[1-9][0-9]\Z"),
    st.from_regex(r"\AZX[1-9][ABEHMNPRVWXY]\Z"),
)
INWARDS = st.from_regex(r"\A[0-9][ABD-HJLNP-UW-Z]{2}\Z")


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("zx11aa", "ZX1 1AA"),
        ("ZX1\t1AA\n", "ZX1 1AA"),
        ("  Zx1   1aA ", "ZX1 1AA"),
        ("z1a1aa", "Z1A 1AA"),
        ("zx1a 1aa", "ZX1A 1AA"),
        ("ZX991AA", "ZX99 1AA"),
    ],
)
def test_any_case_and_spacing_becomes_the_written_form(typed: str, written: str) -> None:
    assert normalise(typed) == written


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ZX1", "only an outward part"),
        ("ZX1 AA", "no inward digit"),
        ("ZX1 1A", "one letter short"),
        ("ZX1 1AC", "C is never in an inward part"),
        ("QX1 1AA", "no area begins with Q"),
        ("ZJ1 1AA", "J is never second"),
        ("ZX1Z 1AA", "Z is never fourth"),
        ("ZX111 1AA", "too long"),
        ("ZX1-1AA", "a hyphen is no space"),
        ("ß1 1AA", "upper-casing must not make letters up"),
        ("ＺＸ1 1AA", "full-width letters are other letters"),
    ],
)
def test_what_has_another_shape_is_refused_with_the_remedy(text: str, why: str) -> None:
    assert not is_postcode(text), why
    with pytest.raises(ValueError, match=r"not a UK postcode.*Ask for the postcode again"):
        parse(text)


def test_nothing_at_all_is_said_to_be_empty() -> None:
    with pytest.raises(ValueError, match="empty"):
        parse("  ")


@pytest.mark.parametrize("text", ["ZZ99 3VZ", "zz993wz", "GIR 0AA"])
def test_pseudo_postcodes_are_well_formed_and_no_place(text: str) -> None:
    assert is_postcode(text)
    assert is_pseudo(text)
    assert parse(text).is_pseudo


def test_an_ordinary_postcode_is_no_pseudo_postcode() -> None:
    assert not is_pseudo("ZX1 1AA")
    assert not parse("ZX1 1AA").is_pseudo


def test_the_sector_is_all_but_the_last_two_letters() -> None:
    assert sector_of("ZX1 1AA") == "ZX11"
    assert sector_of("zx12 3ab") == "ZX123"


@given(OUTWARDS, INWARDS)
def test_every_shape_survives_losing_its_space_and_its_case(outward: str, inward: str) -> None:
    parts = parse(f" {outward}{inward}".lower())
    assert (parts.outward, parts.inward) == (outward, inward)
    assert normalise(str(parts)) == str(parts) == f"{outward} {inward}"
    assert parts.key == compact(str(parts))
    assert parts.sector == outward + inward[0]


@given(st.one_of(st.text(max_size=12), st.from_regex(r"\A[A-Za-z0-9 ]{3,9}\Z")))
def test_parse_and_is_postcode_never_disagree(text: str) -> None:
    try:
        parts = parse(text)
    except ValueError:
        assert not is_postcode(text)
    else:
        assert is_postcode(text)
        assert 5 <= len(parts.key) <= 7
