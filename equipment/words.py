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


class Use(StrEnum):
    """What a product does in a set: the rules on weakest part, body size, pairs and risk assessment ask for it."""

    BED = "bed"
    MATTRESS = "mattress"
    AIRFLOW = "airflow"  # an airflow mattress: fire questions
    PUMP = "pump"
    RAIL = "rail"
    LEVER = "lever"
    TURNING = "turning"  # a turning device or system
    HOIST = "hoist"
    SPREADER = "spreader"
    SLING = "sling"
    HUB = "hub"  # a telecare hub
    TRIGGER = "trigger"  # a telecare peripheral: pendant, detector, sensor
    KEY_SAFE = "key_safe"


class Connectivity(StrEnum):
    """How a telecare hub reaches the alarm centre."""

    ANALOGUE = "analogue"  # not issued from the switch-off on
    IP = "ip"
    MOBILE = "mobile"  # by its own SIM
    IP_MOBILE = "ip_mobile"


class Living(StrEnum):
    """Where the person is."""

    HOME = "home"
    HOSPITAL = "hospital"
    CARE_HOME = "care_home"


class AlertUrgency(StrEnum):
    IMMEDIATE = "immediate"
    URGENT = "urgent"
    ROUTINE = "routine"


class AlertAction(StrEnum):
    """What is done at home; in stock every unit is held."""

    SWAP = "swap"  # deliver another one and collect in the same visit
    COLLECT = "collect"
    INSPECT = "inspect"  # look at it where it is


class AlertOutcome(StrEnum):
    CORRECTED = "corrected"  # made safe, and may be used again
    RETURNED_TO_MAKER = "returned_to_maker"
    DESTROYED = "destroyed"
    LOST = "lost"  # looked for and gone


class Protocol(StrEnum):
    DTMF = "dtmf"  # BS 8521-1, analogue tones
    NOW_IP = "now_ip"  # BS 8521-2
    SCAIP = "scaip"  # SS 91100
    MAKERS_OWN = "makers_own"


class Line(StrEnum):
    """What the home offers the hub."""

    ANALOGUE = "analogue_line"
    DIGITAL = "digital_line"
    BROADBAND = "broadband"
    MOBILE = "mobile_signal"


class TriggerKind(StrEnum):
    BUTTON = "button"  # on the hub itself
    PENDANT = "pendant"
    FALL = "fall"
    SMOKE = "smoke"
    HEAT = "heat"
    CO = "co"
    FLOOD = "flood"
    BED = "bed_sensor"
    CHAIR = "chair_sensor"
    DOOR = "door"
    MOVEMENT = "movement"
    PULL_CORD = "pull_cord"
    OTHER = "other"


class AfterFree(StrEnum):
    """What happens when a free period ends."""

    CHARGE = "charge"
    COLLECT = "collect"
    KEEP_FREE = "keep_free"


class MarkerKind(StrEnum):
    DOG = "dog"
    AGGRESSION = "aggression"
    WEAPON = "weapon"
    HAZARD = "hazard"  # of the place: floors, wiring, infestation
    OTHER = "other"


class SecretKind(StrEnum):
    KEY_SAFE = "key_safe"
    MARKER = "marker"
    RECALL_LIST = "recall_list"
