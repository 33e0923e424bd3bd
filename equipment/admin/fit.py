"""On a person's page: measured, asked about fire, assessed, set aside; and the lists of what was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest

from equipment import assessments, fitness, overrides, people
from equipment.admin.asking import reason
from equipment.admin.work import today
from equipment.admin_base import History, Verb, VerbForm, display
from equipment.duties import Duty
from equipment.models import Override, Person, PersonEvent, Product, RiskAssessment
from equipment.states import label
from equipment.words import Use

_MAY = "equipment.change_person"
_WORDS = {
    "test_expires_soon": "A test falls due soon after issue",
    "too_small": "Too big for a small body",
    "size_unknown": "Height or weight of a child unknown",
    "fire_risk": "Fire risk with an airflow mattress",
}


def a_day(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, help_text=help_text)


def _yes_no(label: str) -> forms.TypedChoiceField:
    """Answered either way: nothing is chosen beforehand."""
    answers = [("", "Choose…"), ("yes", "Yes"), ("no", "No")]
    return forms.TypedChoiceField(label=label, choices=answers, coerce=lambda answer: answer == "yes")


def _of_use(*uses: str) -> Any:
    return Product.objects.filter(use__in=uses)


class Measure(VerbForm):
    lead = "What is left empty stays as it is."
    weight_kg = forms.DecimalField(label="Weight (kg)", required=False, max_digits=5, decimal_places=1)
    weighed_on = a_day("Weighed on", required=False, help_text="Empty: today")
    height_cm = forms.IntegerField(label="Height (cm)", required=False)
    sling_size = forms.ChoiceField(
        required=False,
        choices=[("", "As it is"), *((size, size) for size in people.SLING_SIZES)],
        help_text="As assessed",
    )


class AskAboutFire(VerbForm):
    lead = "Airflow mattresses feed a fire: all four are asked before one goes out."
    smokes = _yes_no("Does the person, or somebody at home, smoke?")
    uses_oxygen = _yes_no("Is oxygen used at home?")
    uses_emollients = _yes_no("Are skin creams used?")
    has_smoke_alarm = _yes_no("Is there a working smoke alarm?")
    referred_on = a_day("Referred to the fire service on", required=False, help_text="Empty: as it is")


class Assess(VerbForm):
    lead = "It counts for this bed and mattress only, and voids an earlier assessment of the same."
    product = forms.ModelChoiceField(_of_use(*assessments.ASSESSED), label="Rail, lever or turning device")
    bed = forms.ModelChoiceField(_of_use(Use.BED), required=False, empty_label="The person's own")
    mattress = forms.ModelChoiceField(_of_use(*assessments.MATTRESSES), required=False, empty_label="The person's own")
    suitable = _yes_no("Is it suitable?")
    assessor = forms.CharField(label="Assessed by", max_length=80)
    assessed_on = a_day("Assessed on")
    review_on = a_day("Review on", required=False, help_text="Empty: as late as it may be")
    notes = forms.CharField(max_length=300, required=False)


class VoidAssessment(VerbForm):
    lead = "It stays on record and counts no more."
    assessment = forms.ModelChoiceField(RiskAssessment.objects.none())
    reason = reason("Why it counts no more")

    def ask(self) -> None:
        field: Any = self.fields["assessment"]
        field.queryset = assessments.standing(self.row, today())
        field.label_from_instance = lambda row: f"{row.product}, {_on_what(row)}, {row.assessed_on:%d %b %Y}"


class SetAside(VerbForm):
    lead = "For this person and product only, and for a time. Weight above the safe working load is never set aside."
    product = forms.ModelChoiceField(Product.objects.all())
    code = forms.ChoiceField(
        label="What is set aside",
        choices=[(code, _WORDS.get(code, label(code))) for code in sorted(fitness.OVERRIDABLE)],
    )
    reason = reason("Why it may")
    authorised_by = forms.CharField(label="Who answers for it", max_length=80, help_text="Name and role")
    expires_on = a_day("Counts until")

    def ask(self) -> None:
        most = settings.SERVICE["OVERRIDE_DAYS"]
        self.fields["expires_on"].help_text = f"At most {most} days: {today() + timedelta(days=most):%d %b %Y}"


class EndOverride(VerbForm):
    override = forms.ModelChoiceField(Override.objects.none())

    def ask(self) -> None:
        field: Any = self.fields["override"]
        field.queryset = _open_overrides(self.row)
        field.label_from_instance = lambda row: f"{row.product}: {_WORDS.get(row.code, label(row.code))}"


def _void(person: Person, *, assessment: RiskAssessment, reason: str, by: str, at: datetime) -> object:
    return assessments.void(assessment, reason=reason, by=by, at=at)


def _end(person: Person, *, override: Override, by: str, at: datetime) -> object:
    return overrides.end(override, by=by, at=at)


def _is_current(person: Person) -> bool:
    return person.merged_into_id is None


def _assessed(person: Person) -> bool:
    return _is_current(person) and assessments.standing(person, today()).exists()


def _overridden(person: Person) -> bool:
    return _is_current(person) and _open_overrides(person).exists()


def _open_overrides(person: Person) -> Any:
    """Those nobody has ended, also when their day has passed."""
    return person.overrides.filter(ended_at__isnull=True).select_related("product")


VERBS = (
    Verb("measure", "Measure", _MAY, people.measure, "{}: measured.", _is_current, form=Measure),
    Verb("fire", "Fire questions", _MAY, people.answer_fire_questions, "{}: answered.", _is_current, form=AskAboutFire),
    Verb("assess", "Risk assessment", _MAY, assessments.assess, "{}: assessed.", _is_current, form=Assess),
    Verb("void", "Void an assessment", _MAY, _void, "{}: it counts no more.", _assessed, form=VoidAssessment),
    Verb(
        "override",
        "Set a reason aside",
        _MAY,
        overrides.override,
        "{}: set aside.",
        _is_current,
        form=SetAside,
        duty=Duty.MANAGE,
    ),
    Verb("end-override", "End an override", _MAY, _end, "{}: ended.", _overridden, form=EndOverride, duty=Duty.MANAGE),
)


class FireAnswers:
    """Columns for a person's page: a yes is no success here, and a question not asked is no no."""

    @display("Smokes, or somebody at home does")
    def said_smokes(self, person: Person) -> str:
        return _said(person.smokes)

    @display("Uses oxygen at home")
    def said_oxygen(self, person: Person) -> str:
        return _said(person.uses_oxygen)

    @display("Uses skin creams")
    def said_emollients(self, person: Person) -> str:
        return _said(person.uses_emollients)

    @display("Has a working smoke alarm")
    def said_alarm(self, person: Person) -> str:
        return _said(person.has_smoke_alarm)


def _said(answer: bool | None) -> str:
    if answer is None:
        return "Not asked"
    return "Yes" if answer else "No"


class _OfThePerson(History):
    per_page = 20

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the person sees what was judged and by whom."""
        return True


class Assessments(_OfThePerson):
    model = RiskAssessment
    verbose_name_plural = "risk assessments"
    fields = ("product", "on_what", "verdict", "assessor", "assessed_on", "review_on", "weight_kg", "notes")
    readonly_fields = ("on_what", "verdict")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "bed", "mattress", "person")

    @display("On")
    def on_what(self, row: RiskAssessment) -> str:
        return _on_what(row)

    @display("Verdict", tones={"yes": "success", "no": "danger", "void": "default", "past": "warning"})
    def verdict(self, row: RiskAssessment) -> tuple[str, str]:
        if row.voided_at is not None:
            return "void", f"Void: {row.void_reason}"
        if row.review_on < today():
            return "past", "Review is due"
        return ("yes", "Suitable") if row.suitable else ("no", "Not suitable")


def _on_what(row: RiskAssessment) -> str:
    bed = row.bed.name if row.bed else "own bed"
    return f"{bed} with {row.mattress.name if row.mattress else 'own mattress'}"


class Overrides(_OfThePerson):
    model = Override
    verbose_name_plural = "overrides"
    fields = ("product", "what", "standing", "reason", "authorised_by", "made_at", "made_by", "expires_on")
    readonly_fields = ("what", "standing")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "person")

    @display("What is set aside")
    def what(self, row: Override) -> str:
        return _WORDS.get(row.code, label(row.code))

    @display("State", tones={"on": "warning", "off": "default"})
    def standing(self, row: Override) -> tuple[str, str]:
        if row.ended_at is not None:
            return "off", "Ended"
        return ("on", "Counts") if row.expires_on >= today() else ("off", "Expired")


class Events(_OfThePerson):
    model = PersonEvent
    verbose_name_plural = "history"
    fields = ("at", "what", "by", "reason")
    readonly_fields = ("what",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("person")

    @display("What")
    def what(self, event: PersonEvent) -> str:
        return label(event.verb)
