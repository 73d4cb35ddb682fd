"""JSON logs on standard output, with the request id on each line; secrets are redacted."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from kit.context import cause

_SECRET_NAMES = re.compile(r"password|secret|token|authorization|cookie|credential|api_?key", re.IGNORECASE)
_SECRET_VALUES = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # JSON Web Tokens
    r"|(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"  # user:password@ in an address
    r"|(?i:(?<=bearer )|(?<=basic ))[\w\-.~+/=]{8,}"
    r"|\bth[a-z]{1,3}_[A-Za-z0-9_-]{20,}"  # our own tokens and secrets
)
_SECRET_PAIRS = re.compile(  # password=…, 'client_secret': '…', code=… as they appear in text
    r"""(?i)(\b\w*(?:password|secret|token|authorization|cookie)\w*|\bcode)(["']?\s*[:=]\s*["']?)[^\s"'&,;}]+"""
)
MASK = "***"


def setup(service: str, level: int = logging.INFO) -> None:
    """Send everything, the libraries' lines too, through one JSON formatter."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.TimeStamper("iso", utc=True),
            _with_cause(service),
            structlog.processors.format_exc_info,
            masked,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("uvicorn", "uvicorn.error", "uvicorn.access", "nats", "faststream", "httpx2"):
        logging.getLogger(noisy).handlers = []
        logging.getLogger(noisy).propagate = True
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # The pool logs every failed attempt to connect; the request middleware and the relay log it once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def masked(_: Any, __: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Redact values by their name and by their shape, in nested structures too."""
    return {key: _mask(key, value) for key, value in event.items()}


def _mask(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return MASK if _SECRET_NAMES.search(key) else _SECRET_PAIRS.sub(rf"\1\2{MASK}", _SECRET_VALUES.sub(MASK, value))
    if isinstance(value, dict):
        return {k: _mask(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(key, one) for one in value]
    return value if isinstance(value, int | float | bool | None) else _mask(key, str(value))


def _with_cause(service: str) -> Any:
    def add(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
        event["service"] = service
        current = cause()
        if current.correlation:
            event["request_id"] = current.correlation
        if current.traceparent:
            _, event["trace_id"], event["span_id"], _ = current.traceparent.split("-")
        return event

    return add
