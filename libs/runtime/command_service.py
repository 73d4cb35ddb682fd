"""The service that a command works with, while its database is open."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from runtime.definition import Service

AnyService = Service[Any]
Opened = Callable[[], AbstractContextManager[AnyService]]
