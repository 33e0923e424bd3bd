"""The nouns of equipment, one module per family."""

from equipment.models.access import ApiClient, IdempotentRequest, Membership
from equipment.models.assets import Asset
from equipment.models.catalogue import (
    ApprovedEquivalent,
    Check,
    Compatibility,
    CompositePart,
    Incompatibility,
    Product,
    TestRegime,
)
from equipment.models.counts import CountLine, StockCount
from equipment.models.credits import Credit
from equipment.models.events import AssetEvent, FloorEvent, PersonEvent
from equipment.models.fit import Competence, Override, PersonMerge, RiskAssessment
from equipment.models.imports import ImportJob
from equipment.models.loans import Loan
from equipment.models.people import Address, Organisation, Person
from equipment.models.recalls import Alert, AlertCriterion, AlertUnit
from equipment.models.receipts import Receipt
from equipment.models.safety import (
    Decontamination,
    Disposal,
    InspectionRecord,
    PartUsed,
    Repair,
    ReturnRecord,
    WashItem,
    WashRun,
)
from equipment.models.scans import Scan
from equipment.models.secrets import KeySafeCode, RiskMarker, SecretView
from equipment.models.stock import Reservation, StockAdjustment, StockLine, StockMovement
from equipment.models.stores import Location, StockLevel, Store
from equipment.models.telecare import AlarmCentre, HubReset, Installation, KeyHolder, Sim, TestCall, Trigger
from equipment.models.transfers import Transfer, TransferItem, TransferLine

__all__ = [
    "Address",
    "AlarmCentre",
    "Alert",
    "AlertCriterion",
    "AlertUnit",
    "ApiClient",
    "ApprovedEquivalent",
    "Asset",
    "AssetEvent",
    "Check",
    "Compatibility",
    "Competence",
    "CompositePart",
    "CountLine",
    "Credit",
    "Decontamination",
    "Disposal",
    "FloorEvent",
    "HubReset",
    "IdempotentRequest",
    "ImportJob",
    "Incompatibility",
    "InspectionRecord",
    "Installation",
    "KeyHolder",
    "KeySafeCode",
    "Loan",
    "Location",
    "Membership",
    "Organisation",
    "Override",
    "PartUsed",
    "Person",
    "PersonEvent",
    "PersonMerge",
    "Product",
    "Receipt",
    "Repair",
    "Reservation",
    "ReturnRecord",
    "RiskAssessment",
    "RiskMarker",
    "Scan",
    "SecretView",
    "Sim",
    "StockAdjustment",
    "StockCount",
    "StockLevel",
    "StockLine",
    "StockMovement",
    "Store",
    "TestCall",
    "TestRegime",
    "Transfer",
    "TransferItem",
    "TransferLine",
    "Trigger",
    "WashItem",
    "WashRun",
]
