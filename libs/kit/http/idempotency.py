"""`Idempotency-Key`: a repeated POST gives the first answer again, stored in the transaction that did the work."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from psycopg import Cursor
from psycopg.errors import UniqueViolation
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from kit.db.database import constraint_of
from kit.errors import Conflict, Invalid, Refusal
from kit.eventstore.store import Store
from kit.security.keys import keyed_hash, same, seal, unseal

_LONGEST = 255


class KeyReused(Conflict):
    code = "idempotency-key-reused"
    title = "Idempotency-Key was used with a different request"


@dataclass(frozen=True)
class RequestKey:
    """The caller's Idempotency-Key with what it is scoped to; `key` is None when none was sent."""

    key: str | None
    route: str
    body: bytes

    @classmethod
    async def of(cls, request: Request) -> "RequestKey":
        """Raises Invalid for a key that is empty or too long."""
        key = request.headers.get("idempotency-key")
        if key is not None and not 1 <= len(key) <= _LONGEST:
            raise Invalid("Idempotency-Key", f"must have 1 to {_LONGEST} characters")
        return cls(key, f"{request.method} {request.scope['path']}", await request.body())


async def _request_key(
    request: Request,
    _: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=_LONGEST,
            description="A request repeated with the same key within 24 hours returns the first answer again.",
        ),
    ] = None,
) -> RequestKey:
    return await RequestKey.of(request)


Keyed = Annotated[RequestKey, Depends(_request_key)]


def created(body: BaseModel | Mapping[str, object], location: str) -> JSONResponse:
    """201 with the whole resource and where it lives."""
    return JSONResponse(to_jsonable_python(body), 201, {"Location": location})


class Idempotency:
    """Stored answers are encrypted under a key made from the service's key and the caller's Idempotency-Key,
    so that a secret in an answer cannot be read back without that key. They are kept for 24 hours."""

    def __init__(self, store: Store, secret: bytes) -> None:
        self._store = store
        self._secret = secret

    def once(self, request: RequestKey, caller: str, work: Callable[[], JSONResponse]) -> JSONResponse:
        """Do `work` in one transaction, at most once for each (caller, route, Idempotency-Key) in 24 hours.

        `caller` is the id of the principal. Raises KeyReused when the key came with another body.
        """
        if request.key is None:
            return self._store.run(work)
        key_hash = keyed_hash(self._secret, "key", caller, request.route, request.key)
        try:
            return self._store.run(lambda: self._first_or_again(key_hash, caller, request, work))
        except UniqueViolation as error:
            if constraint_of(error) != "idempotency_pkey":
                raise
            # Another request with this key won the race and is committed: give its answer.
            return self._store.run(lambda: self._first_or_again(key_hash, caller, request, work))
        except Refusal:
            # What another request with this key has done meanwhile may be the very reason: give its answer.
            answer = self._given_before(key_hash, request)
            if answer is None:
                raise
            return answer

    def delete_expired(self) -> int:
        """Delete answers older than 24 hours."""
        return self._store.database.execute("DELETE FROM idempotency WHERE created_at < now() - interval '24 hours'")

    def forget(self, caller: str) -> int:
        """Delete all answers that were given to this caller."""
        return self._store.database.execute("DELETE FROM idempotency WHERE caller_hash = %s", (self._whose(caller),))

    def _whose(self, caller: str) -> bytes:
        return keyed_hash(self._secret, "caller", caller)

    def _first_or_again(
        self, key_hash: bytes, caller: str, request: RequestKey, work: Callable[[], JSONResponse]
    ) -> JSONResponse:
        given = self._given_before(key_hash, request)
        if given is not None:
            return given
        response = work()
        answer, whose = seal(self._sealing(request), _kept(response), key_hash), self._whose(caller)
        request_hash = sha256(request.body).digest()

        def keep(cursor: Cursor[Any]) -> None:
            # Only an old answer: one that a racing request committed meanwhile must stop this one.
            cursor.execute(
                "DELETE FROM idempotency WHERE key_hash = %s AND created_at <= now() - interval '24 hours'", (key_hash,)
            )
            cursor.execute(
                "INSERT INTO idempotency (key_hash, request_hash, answer, caller_hash) VALUES (%s, %s, %s, %s)",
                (key_hash, request_hash, answer, whose),
            )

        with self._store.database.transaction() as cursor:
            cursor.later(keep)
        return response

    def _given_before(self, key_hash: bytes, request: RequestKey) -> JSONResponse | None:
        """The answer that this key was given in the last 24 hours. Raises KeyReused."""
        row = self._store.database.one(
            "SELECT request_hash, answer FROM idempotency "
            "WHERE key_hash = %s AND created_at > now() - interval '24 hours'",
            (key_hash,),
        )
        if row is None:
            return None
        if not same(bytes(row["request_hash"]), sha256(request.body).digest()):
            raise KeyReused
        return _restored(json.loads(unseal(self._sealing(request), bytes(row["answer"]), key_hash)))

    def _sealing(self, request: RequestKey) -> bytes:
        assert request.key is not None
        return keyed_hash(self._secret, "answer", request.key)


def _kept(response: JSONResponse) -> bytes:
    kept: dict[str, Any] = {
        "status": response.status_code,
        "location": response.headers.get("location"),
        "body": json.loads(bytes(response.body)),
    }
    return json.dumps(kept).encode()


def _restored(kept: dict[str, Any]) -> JSONResponse:
    return JSONResponse(kept["body"], kept["status"], {"Location": kept["location"]} if kept["location"] else None)
