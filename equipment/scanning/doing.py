"""Scan after scan: each done once, whatever the network does, and each kept with the answer it was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from equipment.duties import Actor, require
from equipment.errors import DomainError, Invalid, Refused
from equipment.jobs import ScanMode
from equipment.models import Asset, Disposal, Scan, Store
from equipment.scanning import finding, modes, undoing
from equipment.scanning.registry import Ask, Input, Mode, Step, mode_of
from equipment.states import AssetState

_LONGEST_KEY = 40
_LONGEST_ANSWER = 300
MODES = modes.__all__  # imported, they have made themselves known
_KEPT = Scan._meta.get_field("code").max_length or 0


def scan(
    raw: str,
    *,
    key: str,
    mode: str,
    job: int | None,
    answer: Mapping[str, str],
    by: Actor,
    at: datetime,
    assets: QuerySet[Asset],
    store: Store | None,
) -> Scan:
    """Do one scan, or repeat the answer that this key was given before (rule 18).

    What a rule refuses is rolled back and kept as a scan that was not done. Raises Invalid for a key that is none, and
    Refused when the mode is not this person's duty.
    """
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
        raise Invalid("key_needed", "This scan has no key of its own.", field="key")
    page = _mode(mode, by)
    given = Input(finding.read(raw), by, at, store, job, _as_typed(answer))
    code = given.code.text[:_KEPT]
    try:
        with transaction.atomic():
            # The row comes first: a twin of this request waits here for its fate, and finds the answer.
            row = Scan.objects.create(by=str(by), key=key, mode=mode, job=job, code=code, ok=False, at=at, answer={})
            _answer(row, page, given, assets)
            return row
    except IntegrityError as error:
        earlier = Scan.objects.filter(by=str(by), key=key).first()
        if earlier is None:
            raise
        if earlier.code and earlier.code != code:
            raise Refused("key_taken", "This key was used for another scan.", field="key") from error
        return earlier


def typed(text: str) -> str:
    """Without what no keyboard types; the database takes neither NUL nor half a letter."""
    return "".join(letter for letter in text if letter.isprintable())


def _as_typed(answer: Mapping[str, str]) -> dict[str, str]:
    """What a keyboard can type, and no more. Raises Invalid for more than any field holds."""
    given = {name: typed(str(value)) for name, value in answer.items()}
    if any(len(text) > _LONGEST_ANSWER for text in given.values()):
        raise Invalid("too_long", f"At most {_LONGEST_ANSWER} characters in a field.")
    return given


def undo_last(by: Actor, *, at: datetime, mode: str = "") -> Scan:
    """Take back the last scan of this person, when it is the last thing that happened to what was scanned."""
    return undoing.undo_last(by, at=at, mode=mode)


def _mode(name: str, by: Actor) -> Mode:
    page = mode_of(name)
    if page is None:
        raise Refused("no_such_mode", "There is no such way of scanning here.")
    require(by, page.duty)
    return page


def _answer(row: Scan, page: Mode, given: Input, assets: QuerySet[Asset]) -> None:
    """Do it, and write down what is said of it."""
    try:
        with transaction.atomic():
            step = _step(page, given, assets)
    except DomainError as error:
        row.asset = finding.asset_of(given.code, assets)
        row.answer = {"tone": "bad", "sentence": error.detail, "code": error.code, **_asked(error, page, given)}
        if given.code.kind == "unknown" and not row.answer.get("again"):
            row.code = ""  # it may be anything, a telephone number or a name: nothing of it is kept
    else:
        row.ok = True
        row.asset, row.stock_line, row.undo = step.asset, step.stock_line, undoing.sealed(step)
        row.job = row.job if step.job is None else (step.job or None)
        row.answer = _said(step)
    row.save(update_fields=["asset", "stock_line", "ok", "answer", "undo", "job", "code"])


def _asked(error: DomainError, page: Mode, given: Input) -> dict[str, Any]:
    """The field that would have made it right, when the page has it: then the same code waits for its answer.

    What is asked for the first time is a question, not a mistake.
    """
    for ask in page.ask_for(given.about):
        if ask.name == error.facts.get("field") and not ask.hidden:
            question = ask.later and not given.answer.get(ask.name, "").strip()
            return {"ask": ask.name, "again": given.code.kind != "command"} | ({"tone": "warn"} if question else {})
    return {}


def _said(step: Step) -> dict[str, Any]:
    said: dict[str, Any] = {"tone": step.tone, "sentence": step.sentence, "lines": step.lines, "ask": step.ask}
    flags = {"again": step.again, "quiet": step.quiet or step.again}
    chosen = {"sticky": dict(step.sticky)} if step.sticky else {}
    job = {} if step.job is None else {"job": step.job}
    return {name: value for name, value in {**said, **flags}.items() if value} | chosen | job


def _step(page: Mode, given: Input, assets: QuerySet[Asset]) -> Step:
    asks = page.ask_for(given.about)
    if given.code.kind == "command":
        return _command(page, given, asks)
    _no_labels_in(asks, given.answer)
    found = finding.find(given.code, assets, given.store)
    given = replace(given, **vars(found))
    if given.asset is not None:
        _is_here(page, given, given.asset)
    return page.handle(given)


def _command(page: Mode, given: Input, asks: list[Ask]) -> Step:
    """DO/UNDO and DO/MODE are of every page; DO/<CHOICE>/<VALUE> makes a choice; the rest are the mode's own."""
    words = given.code.words
    if words == ("UNDO",):
        taken_back = undoing.undo_last(given.by, at=given.at, mode=page.name)
        return Step(str(taken_back.answer["undone"]), asset=taken_back.asset, quiet=True)
    if len(words) == 2 and words[0] == "MODE":
        return _go(words[1].lower(), given.by)
    chosen = _choice(words, asks)
    if chosen is None:
        return page.handle(given)
    ask, value, name = chosen
    given = replace(given, answer={**given.answer, ask.name: value})
    step = page.on_choice(given, ask.name) if page.on_choice else None
    if step is None:
        step = Step(f"{ask.label}: {name}.", quiet=True)
    return replace(step, sticky={ask.name: value, **step.sticky})


def _go(name: str, by: Actor) -> Step:
    if name == ScanMode.LOOK_UP:
        return Step("Look up.", sticky={"mode": name}, quiet=True)
    page = mode_of(name)
    if page is None:
        raise Refused("no_such_mode", f"There is no way of scanning called {name.replace('_', ' ')}.")
    require(by, page.duty)
    return Step(f"{page.title}.", sticky={"mode": name}, quiet=True)


def _choice(words: tuple[str, ...], asks: list[Ask]) -> tuple[Ask, str, str] | None:
    """The choice that a command makes, by its first word; DO/PASS and DO/FAIL choose a result where one is asked."""
    if len(words) == 1 and words[0] in ("PASS", "FAIL"):
        words = ("RESULT", words[0])
    if len(words) != 2:
        return None
    for ask in asks:
        names = {value.upper(): (value, name) for value, name in ask.options or [] if value}
        if ask.name.upper() == words[0] and words[1] in names:
            return ask, *names[words[1]]
    return None


def _no_labels_in(asks: list[Ask], answer: Mapping[str, str]) -> None:
    """A label scanned while the cursor stood in a text field must not become a quantity or a defect."""
    for ask in asks:
        text = answer.get(ask.name, "").strip()
        if ask.options is None and not ask.takes_codes and finding.looks_like_a_label(text):
            raise Invalid(
                "label_in_field",
                f"{text} was scanned into “{ask.label}”. Nothing is recorded: empty it and scan again.",
            )


def _is_here(page: Mode, given: Input, asset: Asset) -> None:
    """What has left for good is nobody's to move, and what stands in another store is that store's."""
    if asset.state == AssetState.DISPOSED:
        gone = Disposal.objects.filter(asset=asset).first()
        when = f" on {gone.at:%d %b %Y}" if gone else ""
        raise Refused(
            "disposed", f"{asset} was disposed of{when} and should not be here. Put it aside and tell a store manager."
        )
    elsewhere = asset.store_id is not None and given.store is not None and asset.store_id != given.store.pk
    if elsewhere and not page.any_store:
        raise Refused(
            "another_store",
            f"{asset} belongs to {asset.store} by the records, not to {given.store}. Put it aside: that store must "
            "send it by a transfer, or count it as missing.",
        )
