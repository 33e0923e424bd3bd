"""SIMs, and the key holders whom an alarm centre calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from equipment import key_holders, sims
from equipment.admin.asking import OfAnAsset, reason
from equipment.admin.work import today
from equipment.admin_base import Chips, ReadOnly, Verb, VerbForm, display, organisations_of, see
from equipment.admin_history import WithEvents
from equipment.duties import Duty
from equipment.jobs import SimState
from equipment.models import Asset, KeyHolder, Person, Sim

_SIM, _HOLDER = "equipment.view_sim", "equipment.change_keyholder"


class NewSim(VerbForm):
    iccid = forms.CharField(label="ICCID", max_length=30, help_text="18 to 22 digits, printed on the SIM")
    network = forms.CharField(max_length=40)


class Fit(OfAnAsset):
    lead = "A suspended SIM goes into a hub that takes one and has none."

    @property
    def given(self) -> dict[str, Any]:
        return {"hub": self.asset}


class Contract(VerbForm):
    reason = reason("Why its contract ends")


class InWhat(Chips):
    title = "state"
    parameter_name = "state"
    words = {
        "active": ("Active", lambda: Q(state=SimState.ACTIVE)),
        "suspended": ("Suspended", lambda: Q(state=SimState.SUSPENDED)),
        "loose": ("In no hub", lambda: Q(asset__isnull=True) & ~Q(state=SimState.ENDED)),
        "ended": ("Ended", lambda: Q(state=SimState.ENDED)),
    }


def _fit(sim: Sim, *, hub: Asset, by: str, at: Any) -> None:
    sims.fit(sim, hub, by=by, at=at)


@admin.register(Sim)
class SimAdmin(WithEvents, ReadOnly):
    subject = "sim"
    list_display = ("iccid", "network", "asset", "standing")
    list_select_related = ("asset",)
    list_filter = (InWhat,)
    search_fields = ("iccid__endswith", "asset__number__startswith")
    search_help_text = "Last digits of the ICCID, or the hub's asset number"
    ordering = ("-id",)
    fields = (("iccid", "network"), ("asset", "standing"))
    readonly_fields = ("standing",)
    verbs = (
        Verb("add", "Add a SIM", _SIM, sims.add, "{} is on record.", form=NewSim, duty=Duty.TEST, on_list=True,
             to=lambda sim: reverse("admin:equipment_sim_change", args=[sim.pk])),
        Verb("fit", "Put into a hub", _SIM, _fit, "{} is in its hub.", lambda s: s.state == SimState.SUSPENDED,
             form=Fit, duty=Duty.TEST),
        Verb("take_out", "Take out of its hub", _SIM, sims.take_out, "{} is out of its hub.",
             lambda s: s.asset_id is not None and s.state != SimState.ACTIVE, duty=Duty.TEST),
        Verb("suspend", "Suspend", _SIM, sims.suspend, "{} is suspended.", lambda s: s.state == SimState.ACTIVE,
             duty=Duty.TEST),
        Verb("end", "End its contract", _SIM, sims.end, "{} has ended.", lambda s: s.state == SimState.SUSPENDED,
             form=Contract, duty=Duty.TEST),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those in a hub of an organisation the user may see; in no hub, they are common to all."""
        seen = organisations_of(request)
        rows = super().get_queryset(request)
        return rows if seen is None else rows.filter(Q(asset__isnull=True) | Q(asset__owner__in=seen))

    @display("State", ordering="state", tones={"active": "success", "suspended": "info", "ended": "default"})
    def standing(self, sim: Sim) -> tuple[str, str]:
        return sim.state, sim.get_state_display()


class NewHolder(VerbForm):
    lead = "Three at most, each asked first: the alarm centre calls them in this order."
    person = forms.CharField(label="Reference of the person", max_length=36)
    name = forms.CharField(max_length=80)
    phone = forms.CharField(max_length=20)
    relationship = forms.CharField(max_length=40, required=False)
    consent_taken_by = forms.CharField(label="Who took the consent", max_length=80)

    def clean_person(self) -> Person:
        text = self.cleaned_data["person"].strip()
        try:
            found = see(Person.objects.all(), "organisation", self.request).filter(reference=text).first()
        except (ValueError, forms.ValidationError):
            found = None
        if found is None:
            raise forms.ValidationError("We know nobody by this reference.")
        return found


class Asked(Chips):
    title = "holders"
    parameter_name = "holders"
    words = {
        "now": ("To be called", lambda: Q(ended_at__isnull=True)),
        "ask": (
            "To ask again",
            lambda: Q(
                ended_at__isnull=True, verified_on__lte=today() - timedelta(days=settings.SERVICE["KEY_HOLDER_DAYS"])
            ),
        ),
        "ended": ("Ended", lambda: Q(ended_at__isnull=False)),
    }


@admin.register(KeyHolder)
class KeyHolderAdmin(ReadOnly):
    scope_field = "person__organisation"
    list_display = ("person_initials", "position", "relationship", "verified_on", "ended_at")
    list_select_related = ("person",)
    list_filter = (Asked,)
    ordering = ("person_id", "position", "id")
    fields = (
        ("person", "position"),
        ("name", "phone"),
        "relationship",
        ("consented_at", "consent_taken_by"),
        ("verified_on", "ended_at"),
    )
    verbs = (
        Verb("add", "Add a key holder", _HOLDER, key_holders.add, "{} is added.", form=NewHolder, on_list=True,
             to=lambda holder: reverse("admin:equipment_keyholder_change", args=[holder.pk])),
        Verb("verify", "Asked again", _HOLDER, key_holders.verify, "{} is verified.", lambda h: h.ended_at is None),
        Verb("end", "No longer a key holder", _HOLDER, key_holders.end, "{} has ended.", lambda h: h.ended_at is None),
    )  # fmt: skip

    @display("Person", ordering="person__family_name")
    def person_initials(self, holder: KeyHolder) -> str:
        return holder.person.initials
