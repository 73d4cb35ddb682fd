"""The server's settings: time, common, groups and symbols."""

from datetime import timedelta, timezone
from decimal import Decimal

from pydantic import Field

from metatrader.models.values import Digits, Flag, Model, Money, Number


class TimeSettings(Model):
    """The server's time zone: `time_zone` in minutes east of UTC; `daylight_state` says that summer time is on."""

    time_zone: int
    daylight: Flag = False
    daylight_state: Flag = False
    time_server: str = ""

    @property
    def zone(self) -> timezone:
        """The zone in force now. Times before the last change to or from summer time were in another."""
        return timezone(timedelta(minutes=self.time_zone, hours=1 if self.daylight_state else 0))


class Common(Model):
    name: str = ""
    owner: str = ""
    product: str = ""
    total_users: int = 0
    total_users_real: int = 0
    total_deals: int = 0
    total_orders: int = 0
    total_orders_history: int = 0
    total_positions: int = 0


class Group(Model):
    """A group of users; `group` is its path, for example `demo\\forex`."""

    group: str
    server: int = 0
    company: str = ""
    currency: str = ""
    currency_digits: Digits = 2
    permissions: int = Field(0, alias="PermissionsFlags")
    auth_mode: int = 0
    auth_password_min: int = 0
    auth_otp_mode: int = Field(0, alias="AuthOTPMode")
    margin_mode: int = 0
    margin_call: Number = Decimal(0)
    margin_stop_out: Number = Decimal(0)
    demo_leverage: int = 0
    demo_deposit: Money = Decimal(0)


class Symbol(Model):
    """A trading instrument. Volumes in lots; the values as sent, in 1/10000 lot, in the fields named `..._raw`."""

    symbol: str
    path: str = ""
    isin: str = Field("", alias="ISIN")
    description: str = ""
    currency_base: str = ""
    currency_profit: str = ""
    currency_margin: str = ""
    digits: Digits = 0
    point: Number = Decimal(0)
    spread: int = 0
    contract_size: Number = Decimal(0)
    tick_size: Number = Decimal(0)
    tick_value: Number = Decimal(0)
    volume_min_raw: int = Field(0, alias="VolumeMin")
    volume_max_raw: int = Field(0, alias="VolumeMax")
    volume_step_raw: int = Field(0, alias="VolumeStep")
    trade_mode: int = 0
    calc_mode: int = 0
    swap_mode: int = 0
    swap_long: Number = Decimal(0)
    swap_short: Number = Decimal(0)

    @property
    def volume_min(self) -> Decimal:
        return Decimal(self.volume_min_raw).scaleb(-4)

    @property
    def volume_max(self) -> Decimal:
        return Decimal(self.volume_max_raw).scaleb(-4)

    @property
    def volume_step(self) -> Decimal:
        return Decimal(self.volume_step_raw).scaleb(-4)
