"""The nouns of equipment, one module per family."""

from equipment.models.access import ApiClient, IdempotentRequest, Membership
from equipment.models.assets import Asset
from equipment.models.catalogue import CompositePart, Product, TestRegime
from equipment.models.events import AssetEvent
from equipment.models.loans import Loan
from equipment.models.people import Address, Organisation, Person
from equipment.models.safety import Decontamination, InspectionRecord, ReturnRecord
from equipment.models.stock import Reservation, StockLine, StockMovement
from equipment.models.stores import Store

__all__ = [
    "Address",
    "ApiClient",
    "Asset",
    "AssetEvent",
    "CompositePart",
    "Decontamination",
    "IdempotentRequest",
    "InspectionRecord",
    "Loan",
    "Membership",
    "Organisation",
    "Person",
    "Product",
    "Reservation",
    "ReturnRecord",
    "StockLine",
    "StockMovement",
    "Store",
    "TestRegime",
]
