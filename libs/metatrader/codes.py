"""Return codes of MetaTrader 5 (MTRetCode): their names and error classes."""

from metatrader.errors import (
    AccountDisabled,
    AddressBlocked,
    AuthFailed,
    ExtendedAuthRequired,
    InvalidParameters,
    NotAManager,
    NotFound,
    PasswordChangeRequired,
    PermissionDenied,
    Refused,
    RefusedForGood,
    ServerBusy,
    ServerNotProven,
    ShuttingDown,
    SignInRefused,
    TooFrequent,
    WrongServer,
)

OK = 0
PERMISSIONS = 8
ACCOUNT_INVALID = 1001
SERVER_BAD = 1008

CODES: dict[int, tuple[str, type[Refused]]] = {
    2: ("ERROR", Refused),
    3: ("PARAMS", InvalidParameters),
    4: ("DATA", RefusedForGood),
    5: ("DISK", Refused),
    6: ("MEM", Refused),
    7: ("NETWORK", Refused),
    8: ("PERMISSIONS", PermissionDenied),
    9: ("TIMEOUT", Refused),
    10: ("CONNECTION", Refused),
    11: ("NOSERVICE", Refused),
    12: ("FREQUENT", TooFrequent),
    13: ("NOTFOUND", NotFound),
    14: ("PARTIAL", Refused),
    15: ("SHUTDOWN", ShuttingDown),
    16: ("CANCEL", Refused),
    17: ("DUPLICATE", RefusedForGood),
    1000: ("AUTH_CLIENT_INVALID", SignInRefused),
    1001: ("AUTH_ACCOUNT_INVALID", AuthFailed),
    1002: ("AUTH_ACCOUNT_DISABLED", AccountDisabled),
    1003: ("AUTH_EXTENDED", ExtendedAuthRequired),
    1004: ("AUTH_CERTIFICATE", ExtendedAuthRequired),
    1005: ("AUTH_CERTIFICATE_BAD", ExtendedAuthRequired),
    1006: ("AUTH_CERTIFICATE_NOT_CONFIRMED", ExtendedAuthRequired),
    1007: ("AUTH_NOT_ACCESS_SERVER", WrongServer),
    1008: ("AUTH_SERVER_BAD", ServerNotProven),
    1009: ("AUTH_UPDATE_ONLY", WrongServer),
    1010: ("AUTH_CLIENT_OLD", SignInRefused),
    1011: ("AUTH_MANAGER_NO_CONFIG", NotAManager),
    1012: ("AUTH_MANAGER_IP_BLOCKED", AddressBlocked),
    1013: ("AUTH_GROUP_INVALID", SignInRefused),
    1015: ("AUTH_INVALID_ID", SignInRefused),
    1016: ("AUTH_INVALID_IP", AddressBlocked),
    1017: ("AUTH_INVALID_TYPE", NotAManager),
    1018: ("AUTH_SERVER_BUSY", ServerBusy),
    1020: ("AUTH_ACCOUNT_UNKNOWN", AuthFailed),
    1021: ("AUTH_SERVER_OLD", SignInRefused),
    1022: ("AUTH_LICENCE", SignInRefused),
    1024: ("AUTH_MANAGER_TYPE", NotAManager),
    1025: ("AUTH_DEMO_OFF", SignInRefused),
    1026: ("AUTH_PASSWORD_CHANGE", PasswordChangeRequired),
    1027: ("AUTH_OTP_INVALID", ExtendedAuthRequired),
    3002: ("USER_LOGINS_EXHAUSTED", RefusedForGood),
    3004: ("USER_LOGIN_EXISTS", RefusedForGood),
    3006: ("USER_INVALID_PASSWORD", RefusedForGood),
    3008: ("USER_HAS_TRADES", RefusedForGood),
    3010: ("USER_DIFFERENT_CURRENCY", RefusedForGood),
    4005: ("TRADE_MAX_MONEY", RefusedForGood),
    10008: ("REQUEST_PLACED", Refused),
    10009: ("REQUEST_DONE", Refused),
    10019: ("REQUEST_NO_MONEY", RefusedForGood),
    12001: ("API_NOT_MAIN_SERVER", WrongServer),
    12002: ("API_UNKNOWN_COMMAND", RefusedForGood),
}

_RANGES = (
    (range(1000, 2000), "AUTH", SignInRefused),  # unknown ones too: better ask a person than be locked out
    (range(2000, 3000), "CONFIG", RefusedForGood),
    (range(3000, 4000), "USER", RefusedForGood),
    (range(4000, 5000), "TRADE", RefusedForGood),
    (range(5000, 6000), "REPORT", Refused),
    (range(10000, 11000), "REQUEST", Refused),
    (range(11000, 12000), "DEALER", Refused),
    (range(12000, 13000), "API", RefusedForGood),
    (range(14000, 15000), "MESSENGER", Refused),
    (range(15000, 16000), "SUBSCRIPTION", Refused),
)


def refusal(code: int, command: str, text: str = "") -> Refused:
    """The error for a return code other than 0 and 1; a code outside the table is named by its range."""
    if code in CODES:
        name, kind = CODES[code]
        return kind(code, name, command, text)
    for codes, area, kind in _RANGES:
        if code in codes:
            return kind(code, f"{area}_{code}", command, text)
    return Refused(code, f"CODE_{code}", command, text)
