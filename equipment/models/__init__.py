"""The nouns of equipment, one module per family."""

from equipment.models.access import ApiClient, IdempotentRequest, Membership
from equipment.models.assets import Asset
from equipment.models.catalogue import (
    ApprovedEquivalent,
    Check,
    CompositePart,
    Incompatibility,
    Product,
    TestRegime,
)
from equipment.models.counts import CountLine, StockCount
from equipment.models.events import AssetEvent, FloorEvent
from equipment.models.imports import ImportJob
from equipment.models.loans import Loan
from equipment.models.people import Address, Organisation, Person
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
from equipment.models.stock import Reservation, StockAdjustment, StockLine, StockMovement
from equipment.models.stores import Location, StockLevel, Store
from equipment.models.transfers import Transfer, TransferItem, TransferLine

__all__ = [
    "Address",
    "ApiClient",
    "ApprovedEquivalent",
    "Asset",
    "AssetEvent",
    "Check",
    "CompositePart",
    "CountLine",
    "Decontamination",
    "Disposal",
    "FloorEvent",
    "IdempotentRequest",
    "ImportJob",
    "Incompatibility",
    "InspectionRecord",
    "Loan",
    "Location",
    "Membership",
    "Organisation",
    "PartUsed",
    "Person",
    "Product",
    "Receipt",
    "Repair",
    "Reservation",
    "ReturnRecord",
    "Scan",
    "StockAdjustment",
    "StockCount",
    "StockLevel",
    "StockLine",
    "StockMovement",
    "Store",
    "TestRegime",
    "Transfer",
    "TransferItem",
    "TransferLine",
    "WashItem",
    "WashRun",
]
