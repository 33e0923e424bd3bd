"""What each kind of file holds: its columns, which of them it must have, and by what a row is known.

Pure: no Django.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from equipment.errors import Invalid
from equipment.imports import columns
from equipment.imports.columns import Column, Line, Problem, Wrong
from equipment.imports.files import Cell, File, Row
from equipment.jobs import ImportKind
from equipment.states import AssetState, CleaningMethod, Infection, Reuse, TestKind, TestResult, Tracking
from equipment.words import Connectivity, Use

Keys = Callable[[Mapping[str, Any]], Iterable[Hashable]]
Check = Callable[[Mapping[str, Any]], Iterable[tuple[str, str, str]]]

# An asset is named by our number, or by whatever else is stuck on it.
_ASSET = (
    Column("asset_number", columns.code(12, zeros=7), "Our number, as on its label", "0010017"),
    Column("barcode", columns.code(80), "Another code on it, when it bears no number of ours"),
)


@dataclass(frozen=True)
class Kind:
    """`keys` says by what a row is known (each at most once in a file), `check` what is wrong with a row as a whole.

    `silent` are columns of our own exports that are for reading only.
    """

    columns: tuple[Column, ...]
    keys: Keys
    check: Check = lambda given: ()
    needs_one_of: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()

    @property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}


def _product_keys(given: Mapping[str, Any]) -> Iterable[Hashable]:
    yield ("stock_code", given["stock_code"])
    if "gtin" in given:
        yield ("gtin", given["gtin"])


def _asset_keys(given: Mapping[str, Any]) -> Iterable[Hashable]:
    if "asset_number" in given:
        yield ("asset_number", given["asset_number"])
    if "serial" in given:
        yield ("serial", given["stock_code"], given["serial"])
    if "barcode" in given:
        yield ("barcode", given["barcode"])


def named(given: Mapping[str, Any]) -> Hashable:
    """The asset of a row, by its number when it has one."""
    return ("asset_number", given["asset_number"]) if "asset_number" in given else ("barcode", given.get("barcode"))


def _loan_keys(given: Mapping[str, Any]) -> Iterable[Hashable]:
    if has_asset(given):
        yield ("asset_number", *_of(given), given["started"])
        if "ended" not in given:
            yield ("still with somebody", *_of(given))
    else:
        who = tuple(str(given.get(n, "")).lower() for n in ("nhs_number", "family_name", "given_name", "born_on"))
        yield ("stock_code", given.get("stock_code"), given.get("batch"), given["started"], who, given["postcode"])


def _of(given: Mapping[str, Any]) -> tuple[Hashable, ...]:
    found = named(given)
    assert isinstance(found, tuple)  # noqa: S101  for the type checker
    return found


def has_asset(given: Mapping[str, Any]) -> bool:
    return "asset_number" in given or "barcode" in given


def _asset_check(given: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    if not {"asset_number", "serial", "barcode"} & set(given):
        yield "asset_number", "no_key", "Give its asset number, its serial or its barcode, or it is not known again."
    if given.get("state") in _GONE:
        yield "state", "out_of_use", f"It is {given['state']}: only equipment in use is brought in. Leave the row out."


_GONE = frozenset({AssetState.CONDEMNED, AssetState.LOST, AssetState.DISPOSED, AssetState.HELD})


def _loan_check(given: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    if not has_asset(given) and not {"stock_code", "quantity"} <= set(given):
        yield "asset_number", "no_asset", "Give the asset number; or, of counted stock, stock code and quantity."
    if has_asset(given) and given.get("quantity", 1) != 1:
        yield "quantity", "one_asset", "A numbered asset is one: leave the quantity out."
    if "ended" in given and given["ended"] < given["started"]:
        yield "ended", "ends_before_start", "The loan ends before it starts."


def _named_check(given: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    if not has_asset(given):
        yield "asset_number", "no_asset", "Give the asset number or the barcode."


def _clean_check(given: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    yield from _named_check(given)
    if given.get("started_at", given["ended_at"]) > given["ended_at"]:
        yield "ended_at", "ends_before_start", "The clean ends before it starts."


_TEST_WORDS = re.compile(
    r"(loler|pat|service|functional)(?: every (\d{1,4}) days)?( on return)?(?:, (\d{1,3}) days left)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Needed:
    """A test that a product needs, as a file says it."""

    kind: str
    interval_days: int | None
    on_return: bool
    remaining_days: int


def tests_needed(cell: Cell) -> tuple[Needed, ...]:
    """`loler every 182 days, 28 left; functional on return`."""
    found = []
    for part in columns.plain(cell)[0].split(";"):
        words = _TEST_WORDS.fullmatch(part.strip())
        if words is None or (words[2] is None and words[3] is None):
            raise Wrong("tests", "Write the tests like: loler every 182 days, 28 days left; functional on return.")
        found.append(Needed(words[1].lower(), int(words[2]) if words[2] else None, bool(words[3]), int(words[4] or 28)))
    if len({test.kind for test in found}) < len(found):
        raise Wrong("tests", "A test is named twice.")
    return tuple(sorted(found, key=lambda test: test.kind))


def in_words(tests: Iterable[Needed]) -> str:
    """The way back: what `tests_needed` reads."""
    return "; ".join(
        test.kind
        + (f" every {test.interval_days} days" if test.interval_days else "")
        + (" on return" if test.on_return else "")
        + f", {test.remaining_days} days left"
        for test in tests
    )


_PRODUCTS = Kind(
    (
        Column("stock_code", columns.code(20), "The key: a known one is updated", "HOIST-150", required=True),
        Column("name", columns.text(120), "", "Mobile hoist 150 kg", required=True),
        Column("maker", columns.text(80), "Who makes it", "Oakwell"),
        Column("model", columns.text(60), "The maker's name for it, as safety alerts give it", "Rise 4"),
        Column("use", columns.one_of(Use), f"What it does in a set: {', '.join(Use)}", "hoist"),
        Column("size", columns.code(4), "Of a sling: S, M, L or XL"),
        Column("connectivity", columns.one_of(Connectivity), "Of a telecare hub: analogue, ip, mobile or ip_mobile"),
        Column("iso9999", columns.code(12), "ISO 9999 class", "12 36 03"),
        Column("gtin", columns.code(14, zeros=14), "Fourteen digits", "05012345678900"),
        Column("tracking", columns.one_of(Tracking), "serialised, batch, quantity or composite", "serialised"),
        Column("reuse", columns.one_of(Reuse), "reusable, single_patient or single_use", "reusable"),
        Column("length_mm", columns.whole(), "Millimetres"),
        Column("width_mm", columns.whole(), "Millimetres"),
        Column("height_mm", columns.whole(), "Millimetres"),
        Column("volume_l", columns.whole(), "Litres, as it travels", "300"),
        Column("weight_kg", columns.amount(6, 2), "Kilograms", "38.5"),
        Column("safe_working_load_kg", columns.whole(1, 2000), "Kilograms", "150"),
        Column("weight_critical", columns.yes_no, "Never issued to somebody of unknown weight", "no"),
        Column("min_height_cm", columns.whole(0, 250), "The least height of a person it fits"),
        Column("min_weight_kg", columns.whole(0, 500), "The least weight of a person it fits"),
        Column("min_bmi", columns.whole(0, 60), "The least body mass index of a person it fits"),
        Column("review_days", columns.whole(1, 3650), "When the need is looked at again, after delivery"),
        Column("fitting_minutes", columns.whole(0, 600), "Minutes", "25"),
        Column("crew_size", columns.whole(1, 9), "People", "2"),
        Column("skill", columns.text(20), "A skill the crew must have"),
        Column("bulky", columns.yes_no, "Delivered the working day before", "yes"),
        Column("cleaning_method", columns.one_of(CleaningMethod), "The least that cleans it", "detergent"),
        Column("price", columns.amount(9, 2), "Pounds", "900.00"),
        Column("band", columns.whole(0, 99), "Ordered by prescribers of this band or above; 0: by all"),
        Column("life_years", columns.whole(1, 100), "Years", "10"),
        Column("life_loans", columns.whole(1, 10_000), "Loans"),
        Column("holds_data", columns.yes_no, "Remembers something of the person", "no"),
        Column("withdrawn_on", columns.day, "No new orders from then on", is_date=True),
        Column("tests", tests_needed, "Tests it needs, by semicolons", "loler every 182 days, 28 days left"),
    ),
    _product_keys,
)
_ASSETS = Kind(
    (
        replace(_ASSET[0], help="Our number; empty for a new one: then the serial is the key"),
        Column("stock_code", columns.code(20), "Of a product in the catalogue", "HOIST-150", required=True),
        Column("serial", columns.code(60), "The maker's serial", "SN-4711"),
        replace(_ASSET[1], help="GS1 or maker's code, if any"),
        Column("batch", columns.code(40), "The maker's batch"),
        Column("owner", columns.code(20), "Code of the organisation; empty: the one of the file"),
        Column("made_on", columns.day, "Date of manufacture, from its plate or code", "15/01/2024", is_date=True),
        Column("received_on", columns.day, "Empty: today", "31/03/2024", is_date=True),
        Column("purchase_price", columns.amount(9, 2), "Pounds; empty: the product's price", "850.00"),
        Column("soiled_at", columns.last_moment, "When it last came back from somebody; empty: never", is_date=True),
        Column("state", columns.one_of(AssetState), "Never brought in; what is out of use is refused"),
    ),
    _asset_keys,
    _asset_check,
    silent=frozenset({"product", "store", "location", "vehicle", "since", "accepted_at", "cleaned_at", "test_due_on"})
    | {"loans_count", "receipt"},
)
_LOANS = Kind(
    (
        *_ASSET,
        Column("stock_code", columns.code(20), "Of counted stock"),
        Column("quantity", columns.whole(1, 10_000), "Of counted stock"),
        Column("batch", columns.code(40), "Of counted stock"),
        Column("started", columns.moment, "Since when the person has it", "14/02/2026", required=True, is_date=True),
        Column("ended", columns.last_moment, "When it came back; empty: the person still has it", is_date=True),
        Column("review_on", columns.day, "When the need is looked at again", "14/08/2026", is_date=True),
        Column("funder", columns.code(20), "Code of the organisation that pays, if any"),
        Column("price", columns.amount(9, 2), "Pounds charged to the funder"),
        Column("person_reference", columns.text(36), "As exported; kept"),
        Column("nhs_number", columns.code(12, zeros=10), "Ten digits, if known", "999 000 0018"),
        Column("family_name", columns.text(60), "", "Example", required=True),
        Column("given_name", columns.text(60), "", "Ann", required=True),
        Column("born_on", columns.day, "", "31/01/1940", is_date=True),
        Column("phone", columns.code(20), "", "01632 960001"),
        Column("line1", columns.text(120), "House and street", "2 Hill Road", required=True),
        Column("line2", columns.text(120)),
        Column("town", columns.text(60), "", "Harbour"),
        Column("postcode", columns.text(10), "", "ZX1 1AB", required=True),
    ),
    _loan_keys,
    _loan_check,
    needs_one_of=("asset_number", "barcode", "stock_code"),
    silent=frozenset({"loan", "product", "organisation", "address_reference", "composite", "kit"}),
)
_TESTS = Kind(
    (
        *_ASSET,
        Column("kind", columns.one_of(TestKind), "loler, pat, service, functional, acceptance", "loler", required=True),
        Column("result", columns.one_of(TestResult), "pass, advisory, fail or prohibit", "pass", required=True),
        Column("performed_at", columns.moment, "Date, or date and time", "31/01/2026", required=True, is_date=True),
        Column("examiner", columns.text(80), "Who did it", "E. Xaminer", required=True),
        Column("next_due", columns.day, "Empty: by the product's interval", "01/08/2026", is_date=True),
        Column("defects", columns.text(300), "Needed when it failed"),
        Column("swl_kg", columns.whole(1, 2000), "Kilograms, as examined"),
        Column("certificate", columns.code(60), "Number of the report"),
        Column("voided_at", columns.moment, "Recorded by mistake: counts for nothing", is_date=True),
        Column("void_reason", columns.text(300), "Needed when voided"),
    ),
    lambda given: [("asset_number", *_of(given), given["kind"], given["performed_at"], "voided_at" in given)],
    _named_check,
    needs_one_of=("asset_number", "barcode"),
    silent=frozenset({"stock_code", "recorded_by", "voided_by", "answers"}),
)
_CLEANS = Kind(
    (
        *_ASSET,
        Column("method", columns.one_of(CleaningMethod), "How", "detergent", required=True),
        Column("infection", columns.one_of(Infection), "Declared when it came back; empty: unknown", "none_known"),
        Column("started_at", columns.moment, "", is_date=True),
        Column("ended_at", columns.moment, "Date, or date and time", "31/01/2026 14:30", required=True, is_date=True),
        Column("passed", columns.yes_no, "yes or no", "yes", required=True),
        Column("operator", columns.text(80), "Who cleaned it", "D. Cleaner", required=True),
        Column("agent", columns.text(80), "Product used"),
        Column("lot", columns.code(40), "Its lot number"),
        Column("notes", columns.text(300), "Needed when it failed"),
    ),
    lambda given: [("asset_number", *_of(given), given["ended_at"])],
    _clean_check,
    needs_one_of=("asset_number", "barcode"),
    silent=frozenset({"stock_code", "run"}),
)
KINDS: dict[str, Kind] = {
    ImportKind.PRODUCTS: _PRODUCTS,
    ImportKind.ASSETS: _ASSETS,
    ImportKind.LOANS: _LOANS,
    ImportKind.TESTS: _TESTS,
    ImportKind.CLEANS: _CLEANS,
}


def tidy(header: str) -> str:
    """`Asset number` as a column is called here: `asset_number`."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"\(.*?\)", "", header.lower())).strip("_")


@dataclass(frozen=True)
class Layout:
    """Each column with its place in a row, which headers nobody knows, and whose dates are in doubt."""

    kind: Kind
    columns: tuple[tuple[Column, int], ...]
    unknown: tuple[str, ...]
    doubtful: frozenset[str] = frozenset()


def layout(kind: Kind, file: File) -> Layout:
    """Raises Invalid when columns are missing or stand there twice."""
    names = [tidy(name) for name in file.header]
    known = set(kind.by_name)
    if not known & set(names):
        raise Invalid("no_header", f"The first row names no column known here: {', '.join(kind.by_name)}.")
    twice = sorted({name for name in names if name in known and names.count(name) > 1})
    if twice:
        raise Invalid("columns_twice", f"These columns stand there twice: {', '.join(twice)}. Delete one of each.")
    missing = [column.name for column in kind.columns if column.required and column.name not in names]
    if kind.needs_one_of and not set(kind.needs_one_of) & set(names):
        missing.insert(0, " or ".join(kind.needs_one_of))
    if missing:
        raise Invalid("columns_missing", f"These columns are missing: {', '.join(missing)}.", columns=missing)
    places = {column.name: names.index(column.name) for column in kind.columns if column.name in names}
    unknown = tuple(
        header for header, name in zip(file.header, names, strict=True) if name and name not in known | kind.silent
    )
    dates = [name for name in places if kind.by_name[name].is_date]
    doubtful = {name for name in dates if any(columns.is_us_date(_cell(row, places[name])) for row in file.rows)}
    return Layout(
        kind, tuple((kind.by_name[name], place) for name, place in places.items()), unknown, frozenset(doubtful)
    )


def _cell(row: Row, place: int) -> Cell:
    return row.cells[place] if place < len(row.cells) else None


def line(found: Layout, row: Row, width: int) -> Line:
    """One row, checked by itself."""
    given: dict[str, Any] = {}
    wrong: list[tuple[str, str, str]] = []
    if any(not columns.is_empty(cell) for cell in row.cells[width:]):
        wrong.append(("", "too_many_cells", "The row has more cells than the header: is a quotation mark missing?"))
    for column, place in found.columns:
        cell = _cell(row, place)
        if columns.is_empty(cell):
            if column.required:
                wrong.append((column.name, "empty", "This must not be empty."))
        elif column.name in found.doubtful and columns.is_doubtful_date(cell):
            wrong.append((column.name, "doubtful_date", _DOUBTFUL.format(cell)))
        else:
            try:
                given[column.name] = column.read(cell)
            except Wrong as error:
                wrong.append((column.name, error.code, error.detail))
    if not wrong:
        wrong.extend(found.kind.check(given))
    keys = () if wrong else tuple(found.kind.keys(given))
    return Line(row.line, given, tuple(Problem(row.line, *each) for each in wrong), keys)


_DOUBTFUL = "{}: other dates of this column have the month first, so this may be either. Write 2026-03-31."


def lines(kind: Kind, file: File) -> tuple[list[Line], tuple[str, ...]]:
    """Every row, checked by itself and against the others of the file; and the headers that nobody knows."""
    found = layout(kind, file)
    width = len(file.header)
    return _without_twins([line(found, row, width) for row in file.rows]), found.unknown


def _without_twins(found: list[Line]) -> list[Line]:
    """The same thing twice in one file: both lines are wrong, and each names the other."""
    seen: dict[Hashable, list[int]] = defaultdict(list)
    for each in found:
        for key in each.keys:
            seen[key].append(each.number)
    twins = {key: numbers for key, numbers in seen.items() if len(numbers) > 1}
    return [_told(each, twins) if twins else each for each in found]


def _told(each: Line, twins: Mapping[Hashable, list[int]]) -> Line:
    problems = []
    for key in each.keys:
        others = [str(number) for number in twins.get(key, ()) if number != each.number]
        if others:
            name = str(key[0]) if isinstance(key, tuple) else ""
            field = name if name in KNOWN else "asset_number"
            detail = f"The same stands on line {', '.join(others[:5])} too: leave one of them out."
            problems.append(Problem(each.number, field, "twice_in_file", detail))
    return replace(each, problems=(*each.problems, *problems)) if problems else each


KNOWN = frozenset(column.name for kind in KINDS.values() for column in kind.columns)


def template(kind: str) -> list[list[str]]:
    """The header and an example row, to begin a file with."""
    found = KINDS[kind].columns
    return [[column.name for column in found], [column.example for column in found]]
