"""Examples of trade platforms, their credentials and checks, and what is read from them."""

from deploy.gateway.examples.invented import (
    ADA,
    CHECK,
    EARLIER,
    HOST,
    LOGIN,
    MANAGER,
    MANAGERS_PASSWORD,
    NOW,
    PLATFORM,
    PORT,
    REQUEST,
    Example,
    page,
)

_VERSION = {"version": 1, "fingerprint": "b9960f26ebde7a96", "set_at": EARLIER, "set_by": ADA}
_API = {"host": HOST, "port": PORT, "login": MANAGER}
_DB = {"host": "reports.broker.example", "port": 3306, "database": "mt5_reports", "user": "tradehall", "tls": "verify"}
_NEW = {"name": "MT5 Live", "kind": "mt5", "api": "mt5-webapi"}
_PLATFORM = {
    "id": PLATFORM,
    **_NEW,
    "api_credentials": {**_API, "tls": "off", **_VERSION},
    "db_credentials": None,
    "status": {"state": "ok", "reason": None, "since": EARLIER},
    "created_at": EARLIER,
}
_RESULT = {
    "target": "api",
    "outcome": "ok",
    "steps": [
        {"name": "name", "outcome": "ok", "duration_ms": 3, "detail": f"{HOST} is 192.0.2.30"},
        {"name": "port", "outcome": "ok", "duration_ms": 12, "detail": f"192.0.2.30 answers on port {PORT}"},
        {"name": "sign-in", "outcome": "ok", "duration_ms": 41, "detail": f"Signed in as manager {MANAGER}"},
    ],
    "checked_at": NOW,
}
_ACCOUNT = {
    "login": LOGIN,
    "group": "real\\standard",
    "currency": "USD",
    "leverage": 100,
    "enabled": True,
    "balance": "9921.95",
    "credit": "0.00",
    "equity": "9882.58",
    "margin": "54.00",
    "margin_free": "9828.58",
    "margin_level": "18301.07",
    "profit": "-39.37",
    "registered_at": "2023-01-02T12:42:48Z",
    "registered_at_raw": "2023-01-02 14:42:48",
}
_POSITION = {
    "ticket": 500162,
    "login": LOGIN,
    "symbol": "EURUSD",
    "side": "sell",
    "volume": "0.28",
    "price_open": "1.09157",
    "price_current": "1.08905",
    "stop_loss": None,
    "take_profit": None,
    "profit": "107.31",
    "swap": "0.00",
    "opened_at": "2024-10-02T13:42:44Z",
    "opened_at_raw": "2024-10-02 15:42:44",
    "comment": "",
}
_ORDER = {
    "ticket": 500164,
    "login": LOGIN,
    "symbol": "USDJPY",
    "type": "buy-stop",
    "state": "placed",
    "volume_initial": "0.12",
    "volume_current": "0.12",
    "price": "150.079",
    "price_trigger": None,
    "stop_loss": None,
    "take_profit": None,
    "placed_at": "2024-10-03T10:38:33Z",
    "placed_at_raw": "2024-10-03 12:38:33",
    "expires_at": None,
    "expires_at_raw": None,
    "comment": "",
}
_DEAL = {
    "ticket": 500001,
    "order": None,
    "position": None,
    "login": LOGIN,
    "time": "2023-01-02T22:00:33Z",
    "time_raw": "2023-01-03 00:00:33",
    "symbol": None,
    "action": "balance",
    "entry": None,
    "volume": "0.00",
    "price": None,
    "profit": "8727.00",
    "swap": "0.00",
    "commission": "0.00",
    "fee": "0.00",
    "comment": "Deposit",
}
_SYMBOL = {
    "symbol": "EURUSD",
    "path": "Forex\\EURUSD",
    "description": "Euro vs US Dollar",
    "currency_base": "EUR",
    "currency_profit": "USD",
    "digits": 5,
    "contract_size": "100000",
}
_USE = {
    "id": 144,
    "used_at": NOW,
    "target": "api",
    "version": 1,
    "purpose": "read",
    "actor": ADA,
    "request_id": REQUEST,
}

_CONNECTOR = {
    "name": "mt5-webapi",
    "title": "MT5 Web API",
    "summary": "The server's own protocol over TCP. The usual choice.",
    "kind": "mt5",
    "target": "api",
    "capabilities": ["check", "read"],
    "tls": "off",
    "fields": [
        {
            "name": "port",
            "label": "Port",
            "help": "TCP port, 1 to 65535.",
            "type": "number",
            "required": True,
            "default": None,
            "choices": [],
            "max_length": None,
        }
    ],
}

EXAMPLES = {
    "list_platform_connectors": Example({"items": [_CONNECTOR]}),
    "list_platforms": Example(page(_PLATFORM)),
    "add_platform": Example(
        {**_PLATFORM, "api_credentials": None, "status": {"state": "unknown", "reason": "new", "since": EARLIER}}, _NEW
    ),
    "get_platform": Example(_PLATFORM),
    "change_platform": Example({**_PLATFORM, "name": "MT5 Live EU"}, {"name": "MT5 Live EU"}),
    "remove_platform": Example(),
    "set_api_credentials": Example(_PLATFORM["api_credentials"], {**_API, "password": MANAGERS_PASSWORD}),
    "remove_api_credentials": Example(),
    "set_db_credentials": Example({**_DB, **_VERSION}, {**_DB, "password": "an invented reader's"}),
    "remove_db_credentials": Example(),
    "check_platform": Example(_RESULT, {"target": "api"}),
    "list_checks": Example(
        page({**_RESULT, "id": CHECK, "credentials": "stored", "version": 1, "occasion": "schedule", "actor": None})
    ),
    "list_credential_uses": Example(page(_USE)),
    "list_accounts": Example(page(_ACCOUNT), query={"source": "api"}),
    "get_account": Example(_ACCOUNT, query={"source": "api"}),
    "list_positions": Example(page(_POSITION), query={"source": "api", "login": LOGIN}),
    "list_orders": Example(page(_ORDER), query={"source": "api", "login": LOGIN}),
    "list_deals": Example(
        page(_DEAL), query={"source": "api", "from": "2023-01-01T00:00:00Z", "to": "2023-02-01T00:00:00Z"}
    ),
    "list_symbols": Example(page(_SYMBOL), query={"source": "api"}),
}
