"""What the scan page asks with each move."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from equipment import inspections
from equipment.fitness import methods_for
from equipment.jobs import DisposalMethod
from equipment.models import Asset, Store
from equipment.receiving import infection_of
from equipment.states import Condition, Infection, TestKind, TestResult, choices, label

_CHOOSE = ("", "Choose…")


def _one_of(name: str, options: list[tuple[str, str]], *, first: str | None = None) -> forms.ChoiceField:
    """A drop-down that starts empty unless `first` is chosen, so that Enter never records a guess."""
    given = options if first else [_CHOOSE, *options]
    return forms.ChoiceField(
        label=name, choices=given, initial=first, error_messages={"required": f"{name}: choose one."}
    )


class MoveForm(forms.Form):
    """The fields of one move. `asset` is what was scanned, `stores` those of this user, `here` the one used last."""

    def __init__(
        self,
        data: Any = None,
        *,
        asset: Asset,
        stores: QuerySet[Store],
        here: str = "",
        examiner: str = "",
        prefix: str = "",
    ) -> None:
        super().__init__(data, prefix=prefix or None)
        self.asset, self.stores, self.here, self.examiner = asset, stores, here, examiner
        self.ask()

    def ask(self) -> None:
        """Add the fields that depend on the asset."""

    def _ask_store(self) -> None:
        known = [(str(store.pk), str(store)) for store in self.stores]
        first = self.here if self.here in dict(known) else known[0][0] if len(known) == 1 else None
        self.fields["store"] = _one_of("Store", known, first=first)

    def _ask_reason(self, name: str = "Reason") -> None:
        self.fields["reason"] = forms.CharField(label=name, max_length=300, error_messages={"required": "Say why."})

    @property
    def given(self) -> dict[str, Any]:
        """What was asked for, checked, with the store as a row."""
        found = dict(self.cleaned_data)
        if "store" in found:
            found["store"] = self.stores.get(pk=found["store"])
        return found


class Plain(MoveForm):
    """Nothing to ask."""


class Clean(MoveForm):
    """Method (only those strong enough), result, and what was used."""

    def ask(self) -> None:
        fit = methods_for(self.asset.product.cleaning_method, infection_of(self.asset))
        self.fields["method"] = _one_of("Method", [(method, label(method)) for method in fit], first=fit[0])
        self.fields["passed"] = _one_of("Result", [("yes", "Clean: passed"), ("no", "Not clean: failed")])
        self.fields["agent"] = forms.CharField(label="Product used (if any)", max_length=80, required=False)
        self.fields["lot"] = forms.CharField(label="Its lot number (if any)", max_length=40, required=False)
        self.fields["notes"] = forms.CharField(label="Notes (needed when it failed)", max_length=300, required=False)


class Checked(MoveForm):
    """A form with a checklist: one box for each check, ticked when it is in order."""

    kind = ""

    def _ask_checks(self) -> None:
        self._checks = inspections.checklist(self.asset.product, self.kind)
        for number, check in enumerate(self._checks):
            self.fields[f"check_{number}"] = forms.BooleanField(label=check, required=False)

    @property
    def given(self) -> dict[str, Any]:
        found = super().given
        ticked = [bool(found.pop(f"check_{number}")) for number in range(len(self._checks))]
        answers = [{"check": check, "ok": ok, "note": ""} for check, ok in zip(self._checks, ticked, strict=True)]
        return {**found, "answers": answers}


class Accept(Checked):
    """The acceptance check of new stock."""

    kind = TestKind.ACCEPTANCE

    def ask(self) -> None:
        self._ask_checks()


class Test(Checked):
    """One test of the product's regime, by its kind, which the prefix names."""

    __test__ = False

    def ask(self) -> None:
        self.kind = (self.prefix or "").partition("-")[2]
        self.fields["kind"] = forms.CharField(widget=forms.HiddenInput, initial=self.kind)
        self._ask_checks()
        self.fields["result"] = _one_of("Result", choices(TestResult))
        self.fields["examiner"] = forms.CharField(label="Examiner", max_length=80, initial=self.examiner)
        self.fields["defects"] = forms.CharField(
            label="Defects (needed when it failed)", max_length=300, required=False
        )
        if self.kind == TestKind.LOLER and self.asset.product.safe_working_load_kg is None:
            self.fields["swl_kg"] = forms.IntegerField(
                label="Safe working load found (kg)", required=False, min_value=1
            )


class Fault(MoveForm):
    """What is wrong with it, when it goes to repair."""

    def ask(self) -> None:
        self.fields["fault"] = forms.CharField(
            label="Fault", max_length=300, error_messages={"required": "Say what the fault is."}
        )


class Mended(MoveForm):
    """What the repair came to. A manager may say why it was mended although it was not worth it."""

    def ask(self) -> None:
        self.fields["work_done"] = forms.CharField(
            label="Work done", max_length=300, error_messages={"required": "Say what was done."}
        )
        self.fields["labour_minutes"] = forms.IntegerField(
            label="Minutes of work", min_value=0, error_messages={"required": "How many minutes of work?"}
        )
        self.fields["override_reason"] = forms.CharField(
            label="Why, if it was not worth it", max_length=300, required=False
        )


class Disposal(MoveForm):
    """How it leaves for good, with the papers of that way."""

    def ask(self) -> None:
        ways = [pair for pair in choices(DisposalMethod) if pair[0] != DisposalMethod.STRIPPED]
        self.fields["method"] = _one_of("How", ways)
        self.fields["carrier"] = forms.CharField(label="Carrier (if any)", max_length=80, required=False)
        self.fields["consignment"] = forms.CharField(label="Consignment note (if any)", max_length=60, required=False)
        if self.asset.product.holds_data:
            self.fields["data_wiped_by"] = forms.CharField(label="Memory wiped by", max_length=80)
            self.fields["data_wipe"] = forms.CharField(label="How it was wiped", max_length=120)
        self.fields["notes"] = forms.CharField(label="Notes (if any)", max_length=300, required=False)


class Return(MoveForm):
    """In what condition it comes back, what infection is declared, and which store takes it."""

    def ask(self) -> None:
        self.fields["condition"] = _one_of("Condition", choices(Condition))
        self.fields["infection"] = _one_of("Infection declared", choices(Infection))
        self._ask_store()


class Arrival(MoveForm):
    """From a van: condition and infection were declared at the door."""

    def ask(self) -> None:
        self._ask_store()


class Found(MoveForm):
    def ask(self) -> None:
        self._ask_reason("Where it was found")
        self._ask_store()


class Why(MoveForm):
    def ask(self) -> None:
        self._ask_reason()
