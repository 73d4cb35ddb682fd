"""Rows of checks: their results, when the next is due, and how many were requested."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from kit.context import cause
from kit.db.database import Database
from kit.db.migrations import read
from kit.errors import TooManyRequests
from kit.http.pagination import TimeAndId
from platforms.checks.domain import Result
from platforms.checks.outcomes import wait

CHANNEL = "checks"
SCHEMA = read(Path(__file__).with_name("schema.sql"))
CERTIFICATES = "SELECT certificate_ends_at AS ends_at FROM check_plans"
_KEPT = timedelta(days=90)
_CLAIM = timedelta(minutes=3)  # longer than any check takes: a worker that died is taken over then
_MINUTE = timedelta(minutes=1)
_MOST_A_MINUTE = 10


@dataclass(frozen=True)
class Due:
    """A check that is due, of the credentials' version that it is for."""

    organization_id: UUID
    platform_id: UUID
    target: str


@dataclass(frozen=True)
class ResultRow:
    """`version` is that of the stored credentials; null for offered ones. `occasion`: demand or schedule."""

    id: UUID
    target: str
    outcome: str
    steps: list[dict[str, Any]]
    checked_at: datetime
    version: int | None
    occasion: str
    actor: str | None


class CheckHistory:
    """All methods join the transaction at hand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(self, organization_id: UUID, platform_id: UUID, target: str, version: int, now: datetime) -> None:
        """Schedule a check of a target immediately, whatever the earlier results."""
        self._database.execute(
            "INSERT INTO check_plans (platform_id, target, organization_id, version, next_at) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (platform_id, target) "
            "DO UPDATE SET version = EXCLUDED.version, next_at = EXCLUDED.next_at, failures = 0, "
            "certificate_ends_at = NULL",
            (platform_id, target, organization_id, version, now),
        )
        self._database.execute(f"NOTIFY {CHANNEL}")

    def drop(self, platform_id: UUID, target: str | None = None) -> None:
        """No more checks of a target, or of both; nothing is known about it any more."""
        self._database.execute(
            "DELETE FROM check_plans WHERE platform_id = %s AND target = coalesce(%s, target)", (platform_id, target)
        )

    def claim(self, now: datetime, limit: int) -> list[Due]:
        """Checks that are due, each given to one worker."""
        rows = self._database.all(
            "UPDATE check_plans p SET next_at = %s FROM ("
            "  SELECT platform_id, target FROM check_plans WHERE next_at <= %s ORDER BY next_at LIMIT %s "
            "  FOR UPDATE SKIP LOCKED) due "
            "WHERE p.platform_id = due.platform_id AND p.target = due.target "
            "RETURNING p.organization_id, p.platform_id, p.target",
            (now + _CLAIM, now, limit),
        )
        return [Due(**row) for row in rows]

    def conclude(self, platform_id: UUID, version: int, result: Result) -> bool:
        """Take note of a check of stored credentials; false when they are no longer those that were checked."""
        row = self._database.one(
            "SELECT failures FROM check_plans WHERE platform_id = %s AND target = %s AND version = %s FOR UPDATE",
            (platform_id, result.target, version),
        )
        if row is None:
            return False
        failures = row["failures"] + 1 if result.state in ("lost", "refused") else 0
        pause = wait(result.state, failures)
        self._database.execute(
            "UPDATE check_plans SET state = %s, reason = %s, failures = %s, next_at = %s, "
            "zone_minutes = coalesce(%s, zone_minutes), "
            "certificate_ends_at = coalesce(%s, certificate_ends_at) WHERE platform_id = %s AND target = %s",
            (
                result.state,
                result.reason,
                failures,
                None if pause is None else result.checked_at + pause,
                result.zone_minutes,
                result.certificate_ends_at,
                platform_id,
                result.target,
            ),
        )
        return True

    def states(self, platform_id: UUID) -> dict[str, tuple[str, str | None]]:
        """By target that was checked, its (state, reason)."""
        rows = self._database.all(
            "SELECT target, state, reason FROM check_plans WHERE platform_id = %s AND state IS NOT NULL", (platform_id,)
        )
        return {row["target"]: (row["state"], row["reason"]) for row in rows}

    def zones(self, platform_id: UUID) -> dict[str, int]:
        """By target, the server's time zone as a check saw it last, in minutes east of UTC."""
        rows = self._database.all(
            "SELECT target, zone_minutes FROM check_plans WHERE platform_id = %s AND zone_minutes IS NOT NULL",
            (platform_id,),
        )
        return {row["target"]: row["zone_minutes"] for row in rows}

    def add(
        self,
        organization_id: UUID,
        platform_id: UUID,
        result: Result,
        version: int | None,
        occasion: str,
    ) -> None:
        steps = [{name: value for name, value in asdict(step).items() if name != "failed"} for step in result.steps]
        self._database.execute(
            "INSERT INTO check_results (id, organization_id, platform_id, target, outcome, steps, checked_at, "
            "version, occasion, actor) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                uuid4(),
                organization_id,
                platform_id,
                result.target,
                result.outcome,
                Jsonb(steps),
                result.checked_at,
                version,
                occasion,
                cause().actor,
            ),
        )

    def read(self, platform_id: UUID, place: TimeAndId | None, limit: int) -> list[ResultRow]:
        """Newest first; limit + 1 at most."""
        at, last = place or (None, None)
        rows = self._database.all(
            "SELECT id, target, outcome, steps, checked_at, version, occasion, actor FROM check_results "
            "WHERE platform_id = %s AND (%s::timestamptz IS NULL OR (checked_at, id) < (%s, %s)) "
            "ORDER BY checked_at DESC, id DESC LIMIT %s",
            (platform_id, at, at, last, limit + 1),
        )
        return [ResultRow(**row) for row in rows]

    def forget(self, platform_id: UUID) -> None:
        """All results of a platform that is gone."""
        self._database.execute("DELETE FROM check_results WHERE platform_id = %s", (platform_id,))

    def delete_expired(self, now: datetime) -> int:
        self._database.execute("DELETE FROM check_requests WHERE asked_at < %s", (now - _MINUTE,))
        return self._database.execute("DELETE FROM check_results WHERE checked_at < %s", (now - _KEPT,))

    def ask(self, organization_id: UUID, now: datetime) -> None:
        """Count a check on demand; raises TooManyRequests beyond ten a minute."""
        with self._database.transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('checks'), hashtext(%s))", (str(organization_id),))
            row = cursor.execute(
                "SELECT count(*) AS asked, min(asked_at) AS first FROM check_requests "
                "WHERE organization_id = %s AND asked_at > %s",
                (organization_id, now - _MINUTE),
            ).fetchone()
            assert row is not None
            if row["asked"] >= _MOST_A_MINUTE:
                seconds = max(1, round((row["first"] + _MINUTE - now).total_seconds()))
                raise TooManyRequests(f"At most {_MOST_A_MINUTE} checks per minute are allowed.", retry_after=seconds)
            cursor.execute("INSERT INTO check_requests VALUES (%s, %s)", (organization_id, now))
