"""Tables of report databases as MetaTrader's report server (MT4) and SQL export (MT5) make them; data is invented."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from metatrader.simulator import Broker
from platforms.tests.mariadb import MariaDb

MT4_ZONE = timedelta(hours=3)
MT5_ZONE = timedelta(hours=2)
_FILETIME = datetime(1601, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1)

MT4 = (
    """CREATE TABLE mt4_trades (
    TICKET int NOT NULL PRIMARY KEY, LOGIN int NOT NULL, SYMBOL char(16) NOT NULL, DIGITS int NOT NULL,
    CMD int NOT NULL, VOLUME int NOT NULL, OPEN_TIME datetime NOT NULL, OPEN_PRICE double NOT NULL,
    SL double NOT NULL, TP double NOT NULL, CLOSE_TIME datetime NOT NULL, EXPIRATION datetime NOT NULL,
    REASON int NOT NULL DEFAULT 0, CONV_RATE1 double NOT NULL, CONV_RATE2 double NOT NULL,
    COMMISSION double NOT NULL, COMMISSION_AGENT double NOT NULL, SWAPS double NOT NULL,
    CLOSE_PRICE double NOT NULL, PROFIT double NOT NULL, TAXES double NOT NULL, COMMENT char(32) NOT NULL,
    INTERNAL_ID int NOT NULL, MARGIN_RATE double NOT NULL, TIMESTAMP int NOT NULL, MAGIC int NOT NULL DEFAULT 0,
    GW_VOLUME int NOT NULL DEFAULT 0, GW_OPEN_PRICE int NOT NULL DEFAULT 0, GW_CLOSE_PRICE int NOT NULL DEFAULT 0,
    MODIFY_TIME datetime NOT NULL,
    KEY INDEX_LOGIN (LOGIN), KEY INDEX_CMD (CMD), KEY INDEX_OPENTIME (OPEN_TIME), KEY INDEX_CLOSETIME (CLOSE_TIME),
    KEY INDEX_STAMP (TIMESTAMP))""",
    """CREATE TABLE mt4_users (
    LOGIN int NOT NULL PRIMARY KEY, `GROUP` char(16) NOT NULL, ENABLE int NOT NULL, ENABLE_CHANGE_PASS int NOT NULL,
    ENABLE_READONLY int NOT NULL, ENABLE_OTP int NOT NULL DEFAULT 0, PASSWORD_PHONE char(32) NOT NULL,
    NAME char(128) NOT NULL, COUNTRY char(32) NOT NULL, CITY char(32) NOT NULL, STATE char(32) NOT NULL,
    ZIPCODE char(16) NOT NULL, ADDRESS char(128) NOT NULL, LEAD_SOURCE char(32) NOT NULL DEFAULT '',
    PHONE char(32) NOT NULL, EMAIL char(48) NOT NULL, COMMENT char(64) NOT NULL, ID char(32) NOT NULL,
    STATUS char(16) NOT NULL, REGDATE datetime NOT NULL, LASTDATE datetime NOT NULL, LEVERAGE int NOT NULL,
    AGENT_ACCOUNT int NOT NULL, TIMESTAMP int NOT NULL, BALANCE double NOT NULL, PREVMONTHBALANCE double NOT NULL,
    PREVBALANCE double NOT NULL, CREDIT double NOT NULL, INTERESTRATE double NOT NULL, TAXES double NOT NULL,
    SEND_REPORTS int NOT NULL, MQID int unsigned NOT NULL DEFAULT 0, USER_COLOR int NOT NULL, EQUITY double NOT NULL,
    MARGIN double NOT NULL, MARGIN_LEVEL double NOT NULL, MARGIN_FREE double NOT NULL,
    CURRENCY char(16) NOT NULL DEFAULT 'USD', API_DATA blob, MODIFY_TIME datetime NOT NULL,
    KEY INDEX_STAMP (TIMESTAMP))""",
    """CREATE TABLE mt4_prices (
    SYMBOL char(16) NOT NULL PRIMARY KEY, TIME datetime NOT NULL, BID double NOT NULL, ASK double NOT NULL,
    LOW double NOT NULL, HIGH double NOT NULL, DIRECTION int NOT NULL, DIGITS int NOT NULL, SPREAD int NOT NULL,
    MODIFY_TIME datetime NOT NULL)""",
    "CREATE TABLE mt4_config (CONFIG int NOT NULL PRIMARY KEY, VALUE_INT int, VALUE_STR char(255))",
)

_TRADE = """Login bigint unsigned NOT NULL, Timestamp bigint NOT NULL, ExternalID varchar(32) NOT NULL DEFAULT '',
    Dealer bigint unsigned NOT NULL DEFAULT 0, Symbol varchar(32) NOT NULL, Digits int unsigned NOT NULL DEFAULT 5,
    DigitsCurrency int unsigned NOT NULL DEFAULT 2, ContractSize double NOT NULL DEFAULT 100000,
    Reason int unsigned NOT NULL DEFAULT 0, PriceSL double NOT NULL DEFAULT 0, PriceTP double NOT NULL DEFAULT 0,
    RateMargin double NOT NULL DEFAULT 1, ExpertID bigint unsigned NOT NULL DEFAULT 0,
    Comment varchar(32) NOT NULL DEFAULT '', ApiData text, KEY IDX_Login (Login), KEY IDX_Timestamp (Timestamp)"""

MT5 = (
    """CREATE TABLE mt5_users (
    Login bigint unsigned NOT NULL PRIMARY KEY, Timestamp bigint NOT NULL, TimestampTrade bigint NOT NULL DEFAULT 0,
    `Group` varchar(64) NOT NULL, CertSerialNumber bigint unsigned NOT NULL DEFAULT 0,
    Rights bigint unsigned NOT NULL DEFAULT 483, Registration datetime NOT NULL, LastAccess datetime NOT NULL,
    LastPassChange datetime NOT NULL, LastIP varchar(64) NOT NULL DEFAULT '', Name varchar(128) NOT NULL DEFAULT '',
    FirstName varchar(64) NOT NULL, LastName varchar(64) NOT NULL, MiddleName varchar(64) NOT NULL DEFAULT '',
    Company varchar(64) NOT NULL DEFAULT '', Account varchar(32) NOT NULL DEFAULT '', Country varchar(32) NOT NULL,
    Language int unsigned NOT NULL DEFAULT 0, ClientID bigint unsigned NOT NULL DEFAULT 0, City varchar(32) NOT NULL,
    State varchar(32) NOT NULL DEFAULT '', ZipCode varchar(16) NOT NULL DEFAULT '',
    Address varchar(128) NOT NULL DEFAULT '', Phone varchar(32) NOT NULL DEFAULT '',
    Email varchar(64) NOT NULL DEFAULT '', ID varchar(32) NOT NULL DEFAULT '', Status varchar(16) NOT NULL DEFAULT '',
    Comment varchar(64) NOT NULL DEFAULT '', Color int unsigned NOT NULL DEFAULT 0,
    PhonePassword varchar(32) NOT NULL DEFAULT '', Leverage int unsigned NOT NULL DEFAULT 100,
    Agent bigint unsigned NOT NULL DEFAULT 0, Balance double NOT NULL DEFAULT 0, Credit double NOT NULL DEFAULT 0,
    LimitOrders int unsigned NOT NULL DEFAULT 0)""",
    """CREATE TABLE mt5_accounts (
    Login bigint unsigned NOT NULL PRIMARY KEY, CurrencyDigits int unsigned NOT NULL DEFAULT 2,
    Balance double NOT NULL, Credit double NOT NULL DEFAULT 0, Margin double NOT NULL DEFAULT 0,
    MarginFree double NOT NULL DEFAULT 0, MarginLevel double NOT NULL DEFAULT 0,
    MarginLeverage int unsigned NOT NULL DEFAULT 100, Profit double NOT NULL DEFAULT 0,
    Storage double NOT NULL DEFAULT 0, Floating double NOT NULL DEFAULT 0, Equity double NOT NULL)""",
    f"""CREATE TABLE mt5_deals (
    Deal bigint unsigned NOT NULL PRIMARY KEY, `Order` bigint unsigned NOT NULL DEFAULT 0,
    Action int unsigned NOT NULL, Entry int unsigned NOT NULL, Time datetime NOT NULL, TimeMsc datetime(6) NOT NULL,
    Price double NOT NULL, Volume bigint unsigned NOT NULL, VolumeExt bigint unsigned NOT NULL DEFAULT 0,
    VolumeClosed bigint unsigned NOT NULL DEFAULT 0, Profit double NOT NULL, Storage double NOT NULL DEFAULT 0,
    Commission double NOT NULL DEFAULT 0, Fee double NOT NULL DEFAULT 0, RateProfit double NOT NULL DEFAULT 1,
    PositionID bigint unsigned NOT NULL DEFAULT 0, KEY IDX_Time (Time), {_TRADE})""",
    f"""CREATE TABLE mt5_positions (
    Position_ID bigint unsigned NOT NULL PRIMARY KEY, Position bigint unsigned NOT NULL,
    Action int unsigned NOT NULL, TimeCreate datetime NOT NULL, TimeUpdate datetime NOT NULL,
    TimeCreateMsc datetime(6) NOT NULL, TimeUpdateMsc datetime(6) NOT NULL, PriceOpen double NOT NULL,
    PriceCurrent double NOT NULL, Volume bigint unsigned NOT NULL, VolumeExt bigint unsigned NOT NULL DEFAULT 0,
    Profit double NOT NULL, Storage double NOT NULL DEFAULT 0, RateProfit double NOT NULL DEFAULT 1, {_TRADE})""",
    f"""CREATE TABLE mt5_orders (
    `Order` bigint unsigned NOT NULL PRIMARY KEY, State int unsigned NOT NULL, TimeSetup datetime NOT NULL,
    TimeExpiration datetime NOT NULL, TimeDone datetime NOT NULL, Type int unsigned NOT NULL,
    TypeFill int unsigned NOT NULL DEFAULT 0, TypeTime int unsigned NOT NULL DEFAULT 0, PriceOrder double NOT NULL,
    PriceTrigger double NOT NULL DEFAULT 0, PriceCurrent double NOT NULL, VolumeInitial bigint unsigned NOT NULL,
    VolumeCurrent bigint unsigned NOT NULL, PositionID bigint unsigned NOT NULL DEFAULT 0, {_TRADE})""",
    "CREATE TABLE mt5_time (TimeZone int NOT NULL, Daylight int NOT NULL, DaylightState int NOT NULL)",
    """CREATE TABLE mt5_symbols (
    Symbol_ID bigint unsigned NOT NULL PRIMARY KEY, Symbol varchar(32) NOT NULL, Path varchar(128) NOT NULL,
    Description varchar(64) NOT NULL, CurrencyBase varchar(16) NOT NULL, CurrencyProfit varchar(16) NOT NULL,
    Digits int unsigned NOT NULL, ContractSize double NOT NULL)""",
)


def filetime(time: datetime) -> int:
    """Windows FILETIME: 100 ns since 1601, UTC."""
    return int((time - _FILETIME) / timedelta(microseconds=1)) * 10


def mt4_database(server: MariaDb, name: str, *, trades: int = 40, age: timedelta = timedelta(0), seed: int = 1) -> str:
    """A report server's database with invented users and trades, last written `age` ago."""
    server.database(name, *MT4)
    chance = random.Random(seed)
    wall = (datetime.now(UTC) - age + MT4_ZONE).replace(tzinfo=None, microsecond=0)
    _fill(server, name, "mt4_users", "LOGIN, `GROUP`, ENABLE, ENABLE_CHANGE_PASS, ENABLE_READONLY, PASSWORD_PHONE, "
          "NAME, COUNTRY, CITY, STATE, ZIPCODE, ADDRESS, PHONE, EMAIL, COMMENT, ID, STATUS, REGDATE, LASTDATE, "
          "LEVERAGE, AGENT_ACCOUNT, TIMESTAMP, BALANCE, PREVMONTHBALANCE, PREVBALANCE, CREDIT, INTERESTRATE, TAXES, "
          "SEND_REPORTS, USER_COLOR, EQUITY, MARGIN, MARGIN_LEVEL, MARGIN_FREE, MODIFY_TIME",
          [(login, "real-usd", 1, 1, 0, "phone-word", f"Ada {login}", "Portugal", "Porto", "", "4000", "Rua 1",
            "+351 1", f"{login}@example.com", "", "", "RE", wall, wall, 100, 0, 1, 1000.5, 0, 0, 0, 0, 0, 0, 0,
            1010.25, 10, 10100, 1000.25, wall) for login in (7001, 7002)])  # fmt: skip
    rows = []
    for ticket in range(1, trades + 1):
        opened = wall - timedelta(minutes=ticket * 30)
        closed = _EPOCH if ticket % 5 == 0 else opened + timedelta(minutes=20)
        command = 6 if ticket % 7 == 0 else 2 if ticket % 10 == 0 else ticket % 2
        rows.append((ticket, 7001 + ticket % 2, "EURUSD", 5, command, chance.randrange(1, 500), opened, 1.0845, 0, 0,
                     closed, _EPOCH, 1, 1, -0.5, 0, 0.1, 1.0855, round(chance.uniform(-50, 50), 2), 0, "", 0, 1, 1,
                     wall))  # fmt: skip
    _fill(server, name, "mt4_trades", "TICKET, LOGIN, SYMBOL, DIGITS, CMD, VOLUME, OPEN_TIME, OPEN_PRICE, SL, TP, "
          "CLOSE_TIME, EXPIRATION, CONV_RATE1, CONV_RATE2, COMMISSION, COMMISSION_AGENT, SWAPS, CLOSE_PRICE, PROFIT, "
          "TAXES, COMMENT, INTERNAL_ID, MARGIN_RATE, TIMESTAMP, MODIFY_TIME", rows)  # fmt: skip
    _fill(server, name, "mt4_prices", "SYMBOL, TIME, BID, ASK, LOW, HIGH, DIRECTION, DIGITS, SPREAD, MODIFY_TIME",
          [("EURUSD", wall, 1.0845, 1.0846, 1.08, 1.09, 1, 5, 10, wall)])  # fmt: skip
    _fill(server, name, "mt4_config", "CONFIG, VALUE_INT",
          [(1, int((datetime.now(UTC) - age).timestamp())), (1000, 500)])  # fmt: skip
    return name


def mt5_database(server: MariaDb, name: str, *, deals: int = 40, age: timedelta = timedelta(0), seed: int = 1) -> str:
    """An export's database with invented users and deals, last written `age` ago."""
    server.database(name, *MT5)
    chance = random.Random(seed)
    now = datetime.now(UTC) - age
    wall = (now + MT5_ZONE).replace(tzinfo=None, microsecond=0)
    stamp = filetime(now)
    _fill(server, name, "mt5_users", "Login, Timestamp, `Group`, Registration, LastAccess, LastPassChange, FirstName, "
          "LastName, Country, City, Email, Phone, PhonePassword, Balance",
          [(login, stamp, "real\\standard", wall, wall, wall, "Ada", f"N{login}", "Portugal", "Porto",
            f"{login}@example.com", "+351 1", "phone-word", 1000.5) for login in (8001, 8002)])  # fmt: skip
    _fill(server, name, "mt5_accounts", "Login, Balance, Equity, Margin, MarginFree, Profit",
          [(login, 1000.5, 1010.25, 10, 1000.25, 9.75) for login in (8001, 8002)])  # fmt: skip
    rows = []
    for deal in range(1, deals + 1):
        time = wall - timedelta(minutes=(deals - deal) * 30)
        action = 2 if deal % 7 == 0 else deal % 2
        rows.append(
            (
                deal,
                9000 + deal,
                8001 + deal % 2,
                stamp,
                action,
                deal % 2,
                time,
                time,
                "EURUSD",
                1.0845,
                chance.randrange(1, 500) * 100,
                round(chance.uniform(-50, 50), 2),
                -0.5,
                0.1,
                500 + deal,
            )
        )
    _fill(server, name, "mt5_deals", "Deal, `Order`, Login, Timestamp, Action, Entry, Time, TimeMsc, Symbol, Price, "
          "Volume, Profit, Commission, Storage, PositionID", rows)  # fmt: skip
    _fill(server, name, "mt5_positions", "Position_ID, Position, Login, Timestamp, Action, TimeCreate, TimeUpdate, "
          "TimeCreateMsc, TimeUpdateMsc, Symbol, PriceOpen, PriceCurrent, Volume, Profit",
          [(number, number, 8001, stamp, number % 2, wall, wall, wall, wall, "EURUSD", 1.08, 1.0845, 10000, 9.75)
           for number in (601, 602)])  # fmt: skip
    _fill(server, name, "mt5_orders", "`Order`, Login, Timestamp, State, TimeSetup, TimeExpiration, TimeDone, Type, "
          "Symbol, PriceOrder, PriceCurrent, VolumeInitial, VolumeCurrent",
          [(701, 8002, stamp, 1, wall, _EPOCH, _EPOCH, 2, "EURUSD", 1.07, 1.0845, 20000, 20000)])  # fmt: skip
    _fill(server, name, "mt5_time", "TimeZone, Daylight, DaylightState", [(60, 1, 1)])
    _fill(server, name, "mt5_symbols", "Symbol_ID, Symbol, Path, Description, CurrencyBase, CurrencyProfit, Digits, "
          "ContractSize", [(1, "EURUSD", "Forex\\EURUSD", "Euro", "EUR", "USD", 5, 100000)])  # fmt: skip
    return name


def export_of(broker: Broker, server: MariaDb, name: str) -> str:
    """An export's database with the deals and the zone of a simulator's broker, so that both tell the same."""
    server.database(name, *MT5)
    stamp = filetime(datetime.now(UTC))
    rows = []
    for deal in (deal for deals in broker.deals.values() for deal in deals):
        wall, symbol = _EPOCH + timedelta(milliseconds=deal.time_msc), deal.symbol
        rows.append((deal.ticket, deal.order, deal.login, stamp, deal.action, deal.entry,
                     wall.replace(microsecond=0), wall, symbol.name if symbol else "", symbol.digits if symbol else 0,
                     deal.price, deal.volume, deal.profit, deal.commission, deal.swap, deal.position,
                     deal.comment))  # fmt: skip
    _fill(server, name, "mt5_deals", "Deal, `Order`, Login, Timestamp, Action, Entry, Time, TimeMsc, Symbol, Digits, "
          "Price, Volume, Profit, Commission, Storage, PositionID, Comment", rows)  # fmt: skip
    _fill(server, name, "mt5_time", "TimeZone, Daylight, DaylightState", [(broker.offset, 0, 0)])
    return name


def _fill(server: MariaDb, database: str, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    values = ", ".join(["%s"] * len(rows[0]))
    server.run(f"INSERT INTO {table} ({columns}) VALUES ({values})", database=database, rows=rows)
