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
    DROP_OFF = "drop_off"  # a recycling centre or library where people leave things


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
    SENT = "sent"  # to another store
    ARRIVED = "arrived"
    SPLIT = "split"  # to another batch of the same product and store
    MERGED = "merged"
    PART = "part"  # used in a repair
    STRIPPED = "stripped"  # taken out of something condemned
    HANDED_OUT = "handed_out"  # over the counter
