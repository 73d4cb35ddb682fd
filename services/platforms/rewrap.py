"""`python -m platforms.rewrap`: wraps all data keys under the current master key. May be stopped and started again.

Put the new key first in the master key's file, restart the services, run this, then take the old key out.
"""

from kit.database import Database
from kit.keys import MasterKey
from kit.service_keys import ServiceKeys, SubjectKeys
from platforms.settings import Settings


def rewrap(database: Database, master: MasterKey) -> int:
    """Answers how many keys were under another master key."""
    return ServiceKeys(database, master).rewrap() + SubjectKeys(database, master).rewrap()


def main() -> None:
    """On the service's own settings."""
    settings = Settings.load()
    master = MasterKey(settings.master_key)
    database = Database(settings.postgres_dsn.get_secret_value())
    database.open()
    try:
        print(f"{rewrap(database, master)} keys are now wrapped under {master.current_id}")
    finally:
        database.close()


if __name__ == "__main__":
    main()
