"""The servers' answers, as frozen models."""

from metatrader.models.configuration import Common, Group, Symbol, TimeSettings
from metatrader.models.trading import (
    Deal,
    DealAction,
    DealEntry,
    Order,
    OrderState,
    OrderType,
    Position,
    PositionAction,
)
from metatrader.models.users import Account, User, UserRights
from metatrader.models.values import Model, Moment

__all__ = [
    "Account",
    "Common",
    "Deal",
    "DealAction",
    "DealEntry",
    "Group",
    "Model",
    "Moment",
    "Order",
    "OrderState",
    "OrderType",
    "Position",
    "PositionAction",
    "Symbol",
    "TimeSettings",
    "User",
    "UserRights",
]
