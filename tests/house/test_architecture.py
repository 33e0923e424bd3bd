"""The house keeps its own rules: what no linter knows, a test reads from the source."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("equipment", "logistics", "config")
EDGES = {
    "api",
    "admin",
    "tasks.py",
    "management",
    "driver",
    "checks.py",
    "demo",
    "clock.py",
    "middleware.py",
    "admin_verbs.py",
    "admin_exports.py",
}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders or APPS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT)


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def test_only_lifecycle_writes_a_state():
    """`row.state = ...` and `update(state=...)` stand in equipment/lifecycle.py and nowhere else."""
    found = []
    for path in sources():
        if path == Path("equipment/lifecycle.py"):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets):
                    found.append(f"{path}:{node.lineno}")
            updates = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("update", "bulk_update")
            if updates and any(keyword.arg == "state" for keyword in node.keywords):
                found.append(f"{path}:{node.lineno}")
    assert found == []


def test_the_clock_is_read_at_the_edges_only():
    found = []
    for path in sources():
        if EDGES & set(path.parts):
            continue
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            if re.search(r"(timezone\.now|clock\.now|datetime\.now|date\.today)\(", line):
                found.append(f"{path}:{number}")
    assert found == []


def test_work_reaches_the_queue_through_the_outbox_only():
    found = []
    for path in sources():
        text = (ROOT / path).read_text()
        if re.search(r"\.(delay|apply_async|send_task)\(", text) and path.name not in ("outbox.py", "tasks.py"):
            found.append(str(path))
    assert found == []


@pytest.mark.parametrize("app", APPS)
def test_a_module_answers_one_question(app):
    long = {str(p): len((ROOT / p).read_text().splitlines()) for p in sources(app)}
    assert {path: lines for path, lines in long.items() if lines > 400} == {}


def test_functions_fit_on_a_screen():
    long = []
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > 60:
                    long.append(f"{path}:{node.lineno} {node.name}: {lines}")
    assert long == []


def test_nothing_names_a_folder_of_a_machine_or_a_registry():
    forbidden = re.compile(
        "|".join(
            ["/wo" + "rk/", "/ro" + "ot/", "pypi" + r"\.org", "registry" + r"\.npmjs", "files" + r"\.pythonhosted"]
        )
    )
    found = []
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in tracked:
        path = ROOT / name
        if (
            path.suffix not in (".png", ".ttf", ".ico")
            and path.exists()
            and forbidden.search(path.read_text(errors="replace"))
        ):
            found.append(name)
    assert found == []


def test_no_test_is_skipped():
    found = [
        f"{path}:{number}"
        for path in sources("tests")
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1)
        if re.search(r"pytest\.(mark\.)?(skip|xfail|skip" + r"if)\b|import" + "orskip", line)
    ]
    assert found == []
