"""The kinds of work that go through the outbox. Pure: no Django."""

from enum import StrEnum


class Kind(StrEnum):
    PLAN = "plan"  # key: store id
    LOCATE = "locate"  # key: address id; asks a geocoder over the network
    SUPPLY = "supply"  # key: product id; lines that wait for stock are tried again


PLANNING = frozenset({Kind.PLAN})
