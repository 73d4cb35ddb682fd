"""Deals, orders and positions. Volumes are in lots; the values as sent are in the fields named `..._raw`."""

from decimal import Decimal
from enum import IntEnum

from pydantic import Field

from metatrader.models.values import Digits, Model, Money, Number, Time, TimeMsc, lots


class DealAction(IntEnum):
    """Actions from BALANCE on move money without a trade."""

    BUY = 0
    SELL = 1
    BALANCE = 2
    CREDIT = 3
    CHARGE = 4
    CORRECTION = 5
    BONUS = 6
    COMMISSION = 7
    COMMISSION_DAILY = 8
    COMMISSION_MONTHLY = 9
    AGENT_DAILY = 10
    AGENT_MONTHLY = 11
    INTEREST = 12
    BUY_CANCELLED = 13
    SELL_CANCELLED = 14
    DIVIDEND = 15
    DIVIDEND_FRANKED = 16
    TAX = 17
    AGENT = 18
    STOP_OUT_COMPENSATION = 19
    STOP_OUT_CREDIT = 20


class DealEntry(IntEnum):
    IN = 0
    OUT = 1
    IN_OUT = 2
    OUT_BY = 3


class PositionAction(IntEnum):
    BUY = 0
    SELL = 1


class OrderType(IntEnum):
    BUY = 0
    SELL = 1
    BUY_LIMIT = 2
    SELL_LIMIT = 3
    BUY_STOP = 4
    SELL_STOP = 5
    BUY_STOP_LIMIT = 6
    SELL_STOP_LIMIT = 7
    CLOSE_BY = 8


class OrderState(IntEnum):
    STARTED = 0
    PLACED = 1
    CANCELLED = 2
    PARTIAL = 3
    FILLED = 4
    REJECTED = 5
    EXPIRED = 6
    REQUEST_ADD = 7
    REQUEST_MODIFY = 8
    REQUEST_CANCEL = 9


class _Trade(Model):
    login: int
    symbol: str = ""
    external_id: str = Field("", alias="ExternalID")
    dealer: int = 0
    digits: Digits = 0
    currency_digits: Digits = Field(2, alias="DigitsCurrency")
    contract_size: Number = Decimal(0)
    reason: int = 0
    price_sl: Number = Field(Decimal(0), alias="PriceSL")
    price_tp: Number = Field(Decimal(0), alias="PriceTP")
    rate_margin: Number = Decimal(0)
    expert_id: int = Field(0, alias="ExpertID")
    comment: str = ""


class Deal(_Trade):
    """`profit`, `swap` (sent as Storage), `commission` and `fee` add up to the deal's change of the balance."""

    ticket: int = Field(alias="Deal")
    order: int = 0
    position: int = Field(0, alias="PositionID")
    action: DealAction | int
    entry: DealEntry | int = DealEntry.IN
    time: Time = None
    time_msc: TimeMsc = None
    price: Number = Decimal(0)
    volume_raw: int = Field(0, alias="Volume")
    volume_ext_raw: int = Field(0, alias="VolumeExt")
    volume_closed_raw: int = Field(0, alias="VolumeClosed")
    volume_closed_ext_raw: int = Field(0, alias="VolumeClosedExt")
    profit: Money = Decimal(0)
    profit_raw: Number = Decimal(0)
    swap: Money = Field(Decimal(0), alias="Storage")
    commission: Money = Decimal(0)
    fee: Money = Decimal(0)
    rate_profit: Number = Decimal(0)

    @property
    def volume(self) -> Decimal:
        return lots(self.volume_raw, self.volume_ext_raw)

    @property
    def volume_closed(self) -> Decimal:
        return lots(self.volume_closed_raw, self.volume_closed_ext_raw)


class Order(_Trade):
    """An active order, or one of the history."""

    ticket: int = Field(alias="Order")
    position: int = Field(0, alias="PositionID")
    type: OrderType | int
    state: OrderState | int
    time_setup: Time = None
    time_setup_msc: TimeMsc = None
    time_expiration: Time = None
    time_done: Time = None
    time_done_msc: TimeMsc = None
    fill_policy: int = Field(0, alias="TypeFill")
    time_policy: int = Field(0, alias="TypeTime")
    price_order: Number = Decimal(0)
    price_trigger: Number = Decimal(0)
    price_current: Number = Decimal(0)
    volume_initial_raw: int = Field(0, alias="VolumeInitial")
    volume_initial_ext_raw: int = Field(0, alias="VolumeInitialExt")
    volume_current_raw: int = Field(0, alias="VolumeCurrent")
    volume_current_ext_raw: int = Field(0, alias="VolumeCurrentExt")

    @property
    def volume_initial(self) -> Decimal:
        return lots(self.volume_initial_raw, self.volume_initial_ext_raw)

    @property
    def volume_current(self) -> Decimal:
        """The volume that is not filled yet."""
        return lots(self.volume_current_raw, self.volume_current_ext_raw)


class Position(_Trade):
    ticket: int = Field(alias="Position")
    action: PositionAction | int
    time_create: Time = None
    time_create_msc: TimeMsc = None
    time_update: Time = None
    time_update_msc: TimeMsc = None
    price_open: Number = Decimal(0)
    price_current: Number = Decimal(0)
    volume_raw: int = Field(0, alias="Volume")
    volume_ext_raw: int = Field(0, alias="VolumeExt")
    profit: Money = Decimal(0)
    swap: Money = Field(Decimal(0), alias="Storage")
    rate_profit: Number = Decimal(0)

    @property
    def volume(self) -> Decimal:
        return lots(self.volume_raw, self.volume_ext_raw)
