"""Users (personal records) and accounts (balances and margins)."""

from decimal import Decimal
from enum import IntFlag
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from metatrader.models.values import Digits, Model, Money, Number, Time


class UserRights(IntFlag):
    ENABLED = 0x1
    MAY_CHANGE_PASSWORD = 0x2
    TRADE_DISABLED = 0x4
    INVESTOR = 0x8
    CERTIFICATE_CONFIRMED = 0x10
    TRAILING = 0x20
    EXPERT = 0x40
    REPORTS = 0x100
    READ_ONLY = 0x200
    RESET_PASSWORD = 0x400
    OTP = 0x800
    API = 0x4000
    TECHNICAL = 0x10000
    EXCLUDED_FROM_REPORTS = 0x20000


def _rights(value: Any) -> UserRights:
    return UserRights(int(value))


Rights = Annotated[UserRights, PlainValidator(_rights)]
Personal = Annotated[str, Field(repr=False)]
"""Data about a person: not shown when the record is printed. Empty when the manager may not see them."""


class User(Model):
    """A user as the server knows them. The phone password, which the server also sends, is not read."""

    login: int
    group: str
    rights: Rights = UserRights(0)
    registration: Time = None
    last_access: Time = None
    last_password_change: Time = Field(None, alias="LastPassChange")
    name: Personal = ""
    first_name: Personal = ""
    last_name: Personal = ""
    middle_name: Personal = ""
    company: Personal = ""
    external_account: Personal = Field("", alias="Account")
    country: Personal = ""
    language: int = 0
    city: Personal = ""
    state: Personal = ""
    zip_code: Personal = ""
    address: Personal = ""
    phone: Personal = ""
    email: Personal = ""
    document: Personal = Field("", alias="ID")
    status: str = ""
    comment: str = ""
    color: int = 0
    leverage: int = 0
    agent: int = 0
    balance: Money = Decimal(0)
    credit: Money = Decimal(0)
    interest_rate: Number = Decimal(0)
    balance_prev_day: Money = Decimal(0)
    balance_prev_month: Money = Decimal(0)
    equity_prev_day: Money = Decimal(0)
    equity_prev_month: Money = Decimal(0)
    lead_source: str = ""
    lead_campaign: str = ""


class Account(Model):
    """Money of a user now. `equity` = balance + credit + floating; `margin_level` in percent."""

    login: int
    currency_digits: Digits = 2
    balance: Money
    credit: Money = Decimal(0)
    margin: Money = Decimal(0)
    margin_free: Money = Decimal(0)
    margin_level: Number = Decimal(0)
    margin_leverage: int = 0
    margin_initial: Money = Decimal(0)
    margin_maintenance: Money = Decimal(0)
    profit: Money = Decimal(0)
    swap: Money = Field(Decimal(0), alias="Storage")
    floating: Money = Decimal(0)
    equity: Money
    blocked_commission: Money = Decimal(0)
    blocked_profit: Money = Decimal(0)
    assets: Money = Decimal(0)
    liabilities: Money = Decimal(0)
