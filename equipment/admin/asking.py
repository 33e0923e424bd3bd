"""Questions that several verbs ask: which asset, by its number, and why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from equipment.admin_base import VerbForm, see
from equipment.models import Asset


def reason(label: str = "Reason") -> forms.CharField:
    return forms.CharField(label=label, max_length=300)


class OfAnAsset(VerbForm):
    """Asks for an asset by the number or barcode on it; only one that the user may see is found."""

    number = forms.CharField(label="Asset number or barcode", max_length=80)

    def clean_number(self) -> str:
        text = str(self.cleaned_data["number"]).strip()
        rows = see(Asset.objects.select_related("product", "store"), "owner", self.request, store="store")
        self.asset: Asset | None = rows.filter(Q(number=text) | Q(barcode=text)).first()
        if self.asset is None:
            raise forms.ValidationError(f"We have no asset with the number or barcode {text}.")
        return text

    @property
    def given(self) -> dict[str, Any]:
        found = {name: value for name, value in self.cleaned_data.items() if name != "number"}
        return {"asset": self.asset, **found}
