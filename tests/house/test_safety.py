"""docs/safety.md is true: every rule once, each with controls that exist and tests that prove it and cite it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/safety.md").read_text()
COLUMNS = ["Rule", "In our words", "Hazard", "Control", "Evidence", "Left to the organisation"]
RULES = range(1, 41)


@dataclass(frozen=True)
class Row:
    """One rule of the page."""

    rule: int
    words: str
    hazard: str
    controls: tuple[str, ...]
    tests: tuple[str, ...]


def rows(page: str) -> Iterator[Row]:
    """Every row of a table whose first cell is a number. Raises ValueError for one with another number of cells."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip()[1:-1].split("|")] if line.startswith("|") else []
        if cells and cells[0].isdigit():
            if len(cells) != len(COLUMNS):
                raise ValueError(f"Rule {cells[0]} has {len(cells)} cells, not {len(COLUMNS)}.")
            number, words, hazard, control, evidence, _ = cells
            yield Row(int(number), words, hazard, quoted(control), quoted(evidence))


def quoted(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def problems(page: str) -> list[str]:
    """What is wrong with the page, in words: nothing when it is true."""
    found: list[str] = []
    try:
        table = list(rows(page))
    except ValueError as error:
        return [str(error)]
    numbers = [row.rule for row in table]
    found += [f"Rule {n} is missing." for n in RULES if n not in numbers]
    found += [f"Rule {n} stands there {numbers.count(n)} times." for n in sorted(set(numbers)) if numbers.count(n) > 1]
    found += [f"There is no rule {n}." for n in sorted(set(numbers)) if n not in RULES]
    return found + [problem for row in table for problem in _of(row)]


def _of(row: Row) -> Iterator[str]:
    for name, cell in (("words", row.words), ("hazard", row.hazard), ("control", row.controls), ("test", row.tests)):
        if not cell:
            yield f"Rule {row.rule} has no {name}."
    for control in row.controls:
        if not exists(control):
            yield f"Rule {row.rule}: there is no {control}."
    for test in row.tests:
        text = text_of(test)
        if text is None:
            yield f"Rule {row.rule}: there is no test {test}."
        elif row.rule not in cited(text):
            yield f"Rule {row.rule}: {test} does not cite it."


def cited(text: str) -> set[int]:
    """The rules that a name or a docstring cites: `Rule 7`, `rules 4 and 12`, `rules_1_to_13`."""
    found: set[int] = set()
    for group in re.findall(r"(?<![A-Za-z])[Rr]ules?[ _]((?:\d+(?:,[ _]|[ _]and[ _]|[ _]to[ _])?)+)", text):
        found |= {int(number) for number in re.findall(r"\d+", group)}
        for first, last in re.findall(r"(\d+)[ _]to[ _](\d+)", group):
            found |= set(range(int(first), int(last) + 1))
    return found


@cache
def tree(path: str) -> ast.Module | None:
    file = ROOT / path
    return ast.parse(file.read_text()) if file.is_file() else None


def text_of(test: str) -> str | None:
    """Name and docstring of `tests/path.py::[Class::]test`; None when there is none such."""
    path, *names = test.split("::")
    node: ast.AST | None = tree(path) if path.startswith("tests/") and names else None
    for name in names:
        body = getattr(node, "body", [])
        node = next((one for one in body if getattr(one, "name", None) == name), None)
    if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
        return None
    return f"{node.name.removeprefix('test_')} {ast.get_docstring(node) or ''}"


def exists(control: str) -> bool:
    """A function, class or table `app.module.name`, or a constraint or trigger of the database."""
    if "." not in control:
        return control in of_the_database()
    *module, name = control.split(".")
    stem = "/".join(module)
    found = tree(f"{stem}.py") or tree(f"{stem}/__init__.py")
    return found is not None and name in set(_defined(found))


def _defined(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


@cache
def of_the_database() -> frozenset[str]:
    """Names of constraints in the models, and of triggers and their function in the migrations."""
    found: set[str] = set()
    for models in sorted(ROOT.glob("*/models/*.py")):
        for node in ast.walk(ast.parse(models.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "").endswith("Constraint"):
                found |= {k.value.value for k in node.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)}
    for migration in sorted(ROOT.glob("*/migrations/*.py")):
        text = migration.read_text()
        found |= set(re.findall(r"CREATE TRIGGER (\w+)", text)) | set(re.findall(r"FUNCTION (\w+)\(\)", text))
        if "{table}_append_only" in text:
            found |= {f"{table}_append_only" for table in re.findall(r'"((?:equipment|logistics)_\w+)"', text)}
    return frozenset(found)


def test_every_rule_stands_there_once_with_controls_that_exist_and_tests_that_cite_it():
    assert problems(PAGE) == []


def test_the_page_is_in_the_five_groups_of_the_rules():
    heads = ["Issue and stock", "Order and money", "Discharge", "Routing and visits", "Safety, telecare, data"]
    parts = [PAGE.split(f"\n## {head}\n")[1].split("\n## ")[0] for head in heads]
    assert [[row.rule for row in rows(part)] for part in parts] == [
        list(range(1, 15)),
        list(range(15, 23)),
        list(range(23, 30)),
        list(range(30, 36)),
        list(range(36, 41)),
    ]


LINE = next(line for line in PAGE.splitlines() if line.startswith("| 7 |"))
TEST = quoted(LINE.split(" | ")[4])[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (LINE, "", "Rule 7 is missing."),
        (LINE, f"{LINE}\n{LINE}", "Rule 7 stands there 2 times."),
        ("| 7 |", "| 41 |", "There is no rule 41."),
        ("one_live_reservation_per_asset", "one_live_promise", "Rule 7: there is no one_live_promise."),
        ("allocation.reserve`", "allocation.promise`", "Rule 7: there is no equipment.allocation.promise."),
        (TEST, f"{TEST}_no_more", f"Rule 7: there is no test {TEST}_no_more."),
        (TEST, "tests/nowhere.py::test_x", "Rule 7: there is no test tests/nowhere.py::test_x."),
        (TEST, TEST.split("::", maxsplit=1)[0], f"Rule 7: there is no test {TEST.split('::', maxsplit=1)[0]}."),
        (LINE.split(" | ")[2], "", "Rule 7 has no hazard."),
        (LINE.split(" | ")[4], "to be written", "Rule 7 has no test."),
        (LINE.split(" | ")[3], "by care", "Rule 7 has no control."),
        (" | ".join(LINE.split(" | ")[2:4]), "both", "Rule 7 has 5 cells, not 6."),
    ],
)
def test_what_is_wrong_with_the_page_is_said(old, new, said):
    """The page is changed in one place, within the row of rule 7: the check must see it."""
    changed = PAGE.replace(LINE, LINE.replace(old, new, 1))
    assert changed != PAGE
    assert said in problems(changed)


def test_a_test_that_cites_another_rule_proves_nothing():
    other = "tests/equipment/test_fitness.py::test_rule_1_no_issue_without_a_clean_after_the_last_return"
    changed = PAGE.replace(LINE, LINE.replace(TEST, other, 1))
    assert problems(changed) == [f"Rule 7: {other} does not cite it."]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("rule_7_the_database_refuses", {7}),
        ("rule_1_and_4_dirty", {1, 4}),
        ("Rules 30, 31 and 32: whatever", {30, 31, 32}),
        ("rules_1_to_3_are_asked", {1, 2, 3}),
        ("Rule 12: 25 stone", {12}),
        ("a ruler of 7 cm, overrule 9", set()),
        ("in 7 days", set()),
    ],
)
def test_how_a_rule_is_cited(text, rules):
    assert cited(text) == rules
