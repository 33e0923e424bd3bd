"""The nouns of logistics, one module per family."""

from logistics.models.actions import DriverAction
from logistics.models.discharges import Discharge, ExpectedDate
from logistics.models.events import Event
from logistics.models.fleet import Driver, Shift, Van
from logistics.models.orders import Allocation, Order, OrderLine, Prescriber
from logistics.models.outbox import OutboxRow
from logistics.models.places import Accuracy, Gazetteer, Postcode, Sector
from logistics.models.reviews import Review
from logistics.models.routes import PlanRun, Route, Stop
from logistics.models.visits import Activity, FollowUp, Visit

__all__ = [
    "Accuracy",
    "Activity",
    "Allocation",
    "Discharge",
    "Driver",
    "DriverAction",
    "Event",
    "ExpectedDate",
    "FollowUp",
    "Gazetteer",
    "Order",
    "OrderLine",
    "OutboxRow",
    "PlanRun",
    "Postcode",
    "Prescriber",
    "Review",
    "Route",
    "Sector",
    "Shift",
    "Stop",
    "Van",
    "Visit",
]
