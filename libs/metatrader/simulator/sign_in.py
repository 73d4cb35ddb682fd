"""The sign-in as an access server does it, for one connection."""

import asyncio
import secrets
from collections.abc import Mapping

from metatrader.simulator.broker import Broker, Manager, Right
from metatrader.simulator.replies import Reply

LIMIT = 10.0
OLDEST_VERSION = 484


class SignIn:
    """`manager` is set by a proof that came in time."""

    def __init__(self, broker: Broker, peer: str, *, limit: float = LIMIT, unknown_login: int = 1001) -> None:
        """`unknown_login`: the code for a login without an account, 1001 or 1020. Servers differ."""
        self.manager: Manager | None = None
        self.crypt_rand: bytes | None = None
        self._broker = broker
        self._peer = peer
        self._limit = limit
        self._unknown_login = unknown_login
        self._candidate: Manager | None = None
        self._srv_rand = b""
        self._encrypt = False
        self._until = 0.0

    def start(self, params: Mapping[str, str]) -> Reply:
        refused = self._refusal(params)
        if refused:
            return Reply(refused)
        self._encrypt = params.get("CRYPT_METHOD", "NONE").upper() == "AES256OFB"
        self._srv_rand = secrets.token_bytes(16)
        self._until = asyncio.get_running_loop().time() + self._limit
        return Reply(values={"VERSION_ACCESS": "3320", "SRV_RAND": self._srv_rand.hex()})

    def answer(self, params: Mapping[str, str], *, lying: bool = False) -> Reply:
        manager, self._candidate = self._candidate, None
        try:
            proof = bytes.fromhex(params.get("SRV_RAND_ANSWER", ""))
            cli_rand = bytes.fromhex(params.get("CLI_RAND", ""))
        except ValueError:
            return Reply(3)
        if manager is None or self._late() or not manager.password.proves(self._srv_rand, proof):
            return Reply(1001)
        if not manager.enabled:
            return Reply(1002)
        if Right.MANAGER not in manager.rights:
            return Reply(1011)
        self.manager = manager
        answer = secrets.token_bytes(16) if lying else manager.password.answer(cli_rand)
        values = {"CLI_RAND_ANSWER": answer.hex()}
        if self._encrypt:
            self.crypt_rand = secrets.token_bytes(256)
            values["CRYPT_RAND"] = self.crypt_rand.hex()
        return Reply(values=values)

    def _late(self) -> bool:
        return asyncio.get_running_loop().time() > self._until

    def _refusal(self, params: Mapping[str, str]) -> int:
        agent, version, login = (params.get(name, "") for name in ("AGENT", "VERSION", "LOGIN"))
        if not agent or " " in agent or not login.isdigit() or not version.isdigit():
            return 3
        if int(version) < OLDEST_VERSION:
            return 1010
        if params.get("TYPE", "").upper() != "MANAGER":
            return 1017
        self._candidate = self._broker.managers.get(int(login))
        if self._candidate is None:
            return self._unknown_login
        addresses = self._candidate.addresses
        return 1012 if addresses is not None and self._peer not in addresses else 0
