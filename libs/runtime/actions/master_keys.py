"""The keys of a service, which its master key encrypts."""

from kit.db.database import Database
from kit.operations.answers import Answer
from kit.security.keys import MasterKey
from kit.security.service_keys import rewrapped
from runtime.actions.definition import Action


class RewrappedKeys(Answer):
    rewrapped: int
    master_key: str

    def lines(self) -> list[str]:
        return [f"{self.rewrapped} keys re-encrypted under master key {self.master_key}"]


def _rewrap(keys: tuple[Database, MasterKey]) -> RewrappedKeys:
    """Re-encrypt all data keys under the first master key of the file. It is safe to interrupt and repeat.

    Put the new master key first in the file, restart the service, run this command, then remove the old key.
    """
    database, master = keys
    return RewrappedKeys(rewrapped=rewrapped(database, master), master_key=master.current_id)


REWRAP_KEYS = Action("rewrap-keys", _rewrap)
