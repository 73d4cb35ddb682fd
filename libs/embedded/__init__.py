"""Real servers from wheels: PostgreSQL and NATS as child processes, for the local runner and for tests."""

from embedded.folders import temporary_folder
from embedded.nats import Nats
from embedded.ports import free_port
from embedded.postgres import Postgres
from embedded.process import EmbeddedError, Process, Program

__all__ = ["EmbeddedError", "Nats", "Postgres", "Process", "Program", "free_port", "temporary_folder"]
