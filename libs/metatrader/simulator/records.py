"""Records of the invented broker. `fields()` gives a record as the Web API writes it: every scalar a string."""

from dataclasses import dataclass
from decimal import Decimal

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class SymbolRecord:
    name: str
    path: str
    description: str
    base: str
    profit: str
    digits: int
    contract_size: int
    price: Decimal

    @property
    def point(self) -> Decimal:
        return Decimal(1).scaleb(-self.digits)

    def fields(self) -> Fields:
        return {
            "Symbol": self.name,
            "Path": f"{self.path}\\{self.name}",
            "ISIN": "",
            "Description": self.description,
            "CurrencyBase": self.base,
            "CurrencyProfit": self.profit,
            "CurrencyMargin": self.base,
            "Digits": str(self.digits),
            "Point": str(self.point),
            "Spread": "12",
            "ContractSize": f"{self.contract_size}.00",
            "TickSize": "0",
            "TickValue": "0",
            "VolumeMin": "100",
            "VolumeMax": "10000000",
            "VolumeStep": "100",
            "TradeMode": "4",
            "CalcMode": "0",
            "SwapMode": "1",
            "SwapLong": "-6.20",
            "SwapShort": "1.10",
        }


@dataclass(frozen=True, slots=True)
class GroupRecord:
    name: str
    currency: str
    leverage: int

    def fields(self) -> Fields:
        return {
            "Group": self.name,
            "Server": "1",
            "PermissionsFlags": "2",
            "AuthMode": "0",
            "AuthPasswordMin": "8",
            "AuthOTPMode": "0",
            "Company": "Example Brokers Ltd",
            "Currency": self.currency,
            "CurrencyDigits": "2",
            "MarginMode": "2",
            "MarginCall": "50.00",
            "MarginStopOut": "30.00",
            "DemoLeverage": str(self.leverage),
            "DemoDeposit": "10000.00",
        }


@dataclass(slots=True)
class UserRecord:
    login: int
    group: str
    first_name: str
    last_name: str
    country: str
    city: str
    leverage: int
    registration: int
    passwords: dict[str, str]

    def fields(self, balance: Decimal, *, personal: bool) -> Fields:
        """Personal fields are empty for a manager who may not see them."""
        number = f"{self.login:04d}"[-4:]
        about = {
            "Name": f"{self.first_name} {self.last_name}",
            "FirstName": self.first_name,
            "LastName": self.last_name,
            "Company": "",
            "Country": self.country,
            "City": self.city,
            "State": "",
            "ZipCode": f"1{number}",
            "Address": f"{number[-2:]} Example Street",
            "Phone": f"+1 555 01{number[-2:]}",
            "Email": f"{self.first_name}.{self.last_name}.{self.login}@example.com".lower(),
            "PhonePassword": "",
        }
        return {
            "Login": str(self.login),
            "Group": self.group,
            "CertSerialNumber": "0",
            "Rights": "483",
            "MQID": "0",
            "Registration": str(self.registration),
            "LastAccess": str(self.registration + 86_400),
            "LastPassChange": str(self.registration),
            **(about if personal else dict.fromkeys(about, "")),
            "Language": "1033",
            "ID": "",
            "Status": "",
            "Comment": "",
            "Color": "4278190080",
            "Leverage": str(self.leverage),
            "Agent": "0",
            "Balance": str(balance),
            "Credit": "0.00",
            "InterestRate": "0.00",
        }


@dataclass(frozen=True, slots=True)
class DealRecord:
    """`volume` in 1/10000 lot, `time_msc` in milliseconds of the server's clock. `symbol` None: money was moved."""

    ticket: int
    login: int
    order: int
    position: int
    action: int
    entry: int
    symbol: SymbolRecord | None
    time_msc: int
    volume: int
    price: Decimal
    profit: Decimal
    swap: Decimal
    commission: Decimal
    comment: str

    @property
    def time(self) -> int:
        return self.time_msc // 1000

    @property
    def amount(self) -> Decimal:
        return self.profit + self.swap + self.commission

    def fields(self) -> Fields:
        digits, contract = (self.symbol.digits, self.symbol.contract_size) if self.symbol else (0, 0)
        closed = self.volume if self.entry else 0
        return {
            "Deal": str(self.ticket),
            "ExternalID": "",
            "Login": str(self.login),
            "Dealer": "0",
            "Order": str(self.order),
            "Action": str(self.action),
            "Entry": str(self.entry),
            "Reason": "0" if self.symbol else "2",
            "Digits": str(digits),
            "DigitsCurrency": "2",
            "ContractSize": f"{contract}.00",
            "Time": str(self.time),
            "TimeMsc": str(self.time_msc),
            "Symbol": self.symbol.name if self.symbol else "",
            "Price": str(self.price),
            "PriceSL": "0",
            "PriceTP": "0",
            "Volume": str(self.volume),
            "VolumeExt": str(self.volume * 10_000),
            "Profit": str(self.profit),
            "Storage": str(self.swap),
            "Commission": str(self.commission),
            "Fee": "0.00",
            "RateProfit": "1.00000000",
            "RateMargin": "1.00000000",
            "ExpertID": "0",
            "PositionID": str(self.position),
            "Comment": self.comment,
            "ProfitRaw": str(self.profit),
            "PricePosition": "0",
            "VolumeClosed": str(closed),
            "VolumeClosedExt": str(closed * 10_000),
            "TickValue": "0",
            "TickSize": "0",
            "Flags": "0",
            "Gateway": "",
            "PriceGateway": "0",
            "ModifyFlags": "0",
        }


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """Active (state 1) or done; `done` in milliseconds of the server's clock, 0 while active."""

    ticket: int
    login: int
    position: int
    type: int
    state: int
    symbol: SymbolRecord
    setup_msc: int
    done_msc: int
    volume: int
    price: Decimal

    @property
    def time(self) -> int:
        return self.done_msc // 1000

    def fields(self) -> Fields:
        left = 0 if self.done_msc else self.volume
        return {
            "Order": str(self.ticket),
            "ExternalID": "",
            "Login": str(self.login),
            "Dealer": "0",
            "Symbol": self.symbol.name,
            "Digits": str(self.symbol.digits),
            "DigitsCurrency": "2",
            "ContractSize": f"{self.symbol.contract_size}.00",
            "State": str(self.state),
            "Reason": "0",
            "TimeSetup": str(self.setup_msc // 1000),
            "TimeSetupMsc": str(self.setup_msc),
            "TimeExpiration": "0",
            "TimeDone": str(self.done_msc // 1000),
            "TimeDoneMsc": str(self.done_msc),
            "Type": str(self.type),
            "TypeFill": "0",
            "TypeTime": "0",
            "PriceOrder": str(self.price),
            "PriceTrigger": "0",
            "PriceCurrent": str(self.price),
            "PriceSL": "0",
            "PriceTP": "0",
            "VolumeInitial": str(self.volume),
            "VolumeInitialExt": str(self.volume * 10_000),
            "VolumeCurrent": str(left),
            "VolumeCurrentExt": str(left * 10_000),
            "ExpertID": "0",
            "PositionID": str(self.position),
            "RateMargin": "1.00000000",
            "Comment": "",
        }


@dataclass(frozen=True, slots=True)
class PositionRecord:
    ticket: int
    login: int
    action: int
    symbol: SymbolRecord
    created_msc: int
    volume: int
    price: Decimal
    current: Decimal
    profit: Decimal
    swap: Decimal

    def fields(self) -> Fields:
        return {
            "Position": str(self.ticket),
            "ExternalID": "",
            "Login": str(self.login),
            "Dealer": "0",
            "Symbol": self.symbol.name,
            "Action": str(self.action),
            "Digits": str(self.symbol.digits),
            "DigitsCurrency": "2",
            "Reason": "0",
            "ContractSize": f"{self.symbol.contract_size}.00",
            "TimeCreate": str(self.created_msc // 1000),
            "TimeCreateMsc": str(self.created_msc),
            "TimeUpdate": str(self.created_msc // 1000),
            "TimeUpdateMsc": str(self.created_msc),
            "PriceOpen": str(self.price),
            "PriceCurrent": str(self.current),
            "PriceSL": "0",
            "PriceTP": "0",
            "Volume": str(self.volume),
            "VolumeExt": str(self.volume * 10_000),
            "Profit": str(self.profit),
            "Storage": str(self.swap),
            "RateProfit": "1.00000000",
            "RateMargin": "1.00000000",
            "ExpertID": "0",
            "Comment": "",
        }
