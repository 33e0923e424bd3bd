"""Small closed vocabularies that are not states. Pure: no Django."""

from enum import StrEnum


class OrganisationKind(StrEnum):
    COUNCIL = "council"
    ICB = "icb"
    TRUST = "trust"
    PROVIDER = "provider"


class StoreKind(StrEnum):
    DEPOT = "depot"  # vans start here
    BUFFER = "buffer"  # a cupboard on a ward or in a clinic
    SATELLITE = "satellite"


class PinAccuracy(StrEnum):
    NONE = "none"  # routing waits for a pin (rule 35)
    SECTOR = "sector"  # about a kilometre off: flagged on the route sheet
    UNIT = "unit"  # the postcode's own point
    PIN = "pin"  # dropped by a person


class MovementKind(StrEnum):
    RECEIPT = "receipt"
    ISSUE = "issue"
    UNDELIVERED = "undelivered"  # went out, came back unopened
    RETURN = "return"
    CLEANED = "cleaned"
    ADJUSTMENT = "adjustment"
