"""Products: known by stock code, and never made twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef

from equipment.imports.columns import Line
from equipment.imports.kinds import Needed
from equipment.imports.steps import Scope, Step, Verbs, Word, of_word
from equipment.models import Asset, CompositePart, Loan, Product, Reservation, StockLine, TestRegime

_STOCK = (Asset, StockLine, Loan, Reservation)


def plan(scope: Scope, lines: Sequence[Line]) -> list[Step]:
    known = _known([line.given["stock_code"] for line in lines])
    gtins = {line.given["gtin"] for line in lines if "gtin" in line.given}
    taken = dict(Product.objects.filter(gtin__in=gtins).values_list("gtin", "stock_code"))
    return [_step(line, known, taken) for line in lines]


def _known(codes: list[str]) -> dict[str, Any]:
    """By stock code; `in_asset` and so on when something of it exists, so that how it is tracked cannot change."""
    rows = Product.objects.filter(stock_code__in=codes).prefetch_related("regimes")
    stock = {f"in_{model._meta.model_name}": model.objects.filter(product=OuterRef("pk")) for model in _STOCK}
    rows = rows.annotate(**{name: Exists(query) for name, query in stock.items()})
    rows = rows.annotate(is_set=Exists(CompositePart.objects.filter(composite=OuterRef("pk"))))
    return {row.stock_code: row for row in rows}


def needed(product: Product) -> tuple[Needed, ...]:
    """The tests it needs, as a file says them."""
    rows = sorted(product.regimes.all(), key=lambda row: row.kind)
    return tuple(Needed(row.kind, row.interval_days, row.on_return, row.remaining_days) for row in rows)


def _step(line: Line, known: dict[str, Any], taken: dict[str | None, str]) -> Step:
    step = Step(line)
    wanted = dict(line.given)
    tests = wanted.pop("tests", None)
    product = known.get(wanted["stock_code"])
    if "gtin" in wanted and taken.get(wanted["gtin"], wanted["stock_code"]) != wanted["stock_code"]:
        step.refuse("gtin", "gtin_taken", f"Product {taken[wanted['gtin']]} has this GTIN: correct one of the two.")
    if product is None:
        step.changes = wanted
        _valid(step, Product(**wanted))
    elif step.word != Word.BAD:
        _update(step, product, wanted)
    if tests is not None and step.word != Word.BAD and (product is None or needed(product) != tests):
        step.changes["tests"] = tests
        step.word = Word.CREATE if product is None else Word.UPDATE
    return step


def _update(step: Step, product: Any, wanted: dict[str, Any]) -> None:
    step.found(product, wanted)
    in_use = product.is_set or any(getattr(product, f"in_{model._meta.model_name}") for model in _STOCK)
    if "tracking" in step.changes and in_use:
        step.refuse(
            "tracking",
            "tracking_in_use",
            f"There is stock of {product.stock_code}, tracked as {product.tracking}: that stays. Use a new code.",
        )
        return
    changed = Product.objects.model(**{f.attname: getattr(product, f.attname) for f in Product._meta.concrete_fields})
    for name, value in step.changes.items():
        setattr(changed, name, value)
    _valid(step, changed)


def _valid(step: Step, product: Product) -> None:
    try:
        product.clean_fields()
    except ValidationError as error:
        for name, sentences in error.message_dict.items():
            step.refuse(name, "invalid", " ".join(sentences))


def write(scope: Scope, steps: Sequence[Step]) -> None:
    new = of_word(steps, Word.CREATE)
    made = Product.objects.bulk_create([Product(**_fields(step)) for step in new])
    for step, product in zip(new, made, strict=True):
        step.row = product
    for step in of_word(steps, Word.UPDATE):
        fields = _fields(step)
        if fields:
            Product.objects.filter(pk=step.row.pk).update(**fields)
    for step in steps:
        if step.word in (Word.CREATE, Word.UPDATE) and "tests" in step.changes:
            _write_tests(step.row, step.changes["tests"])


def _fields(step: Step) -> dict[str, Any]:
    return {name: value for name, value in step.changes.items() if name != "tests"}


def _write_tests(product: Product, tests: Sequence[Needed]) -> None:
    """The tests named replace those it had: what a file leaves out is no longer needed."""
    TestRegime.objects.filter(product=product).exclude(kind__in=[test.kind for test in tests]).delete()
    for test in tests:
        TestRegime.objects.update_or_create(
            product=product,
            kind=test.kind,
            defaults={
                "interval_days": test.interval_days,
                "on_return": test.on_return,
                "remaining_days": test.remaining_days,
            },
        )


VERBS = Verbs(plan, write)
