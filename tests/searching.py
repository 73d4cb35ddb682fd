"""Where secrets could have been left: everything that a running Tradehall has written down."""

import psycopg

from deploy.local import Tradehall


def logs(tradehall: Tradehall) -> str:
    """All that the processes have said."""
    folder = tradehall.openapi.parents[1] / "log"
    return "\n".join(path.read_text(errors="replace") for path in folder.glob("*") if path.is_file())


def dump(dsn: str) -> str:
    """Every row of every table, as Python writes values."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return "\n".join(str(connection.execute(f'SELECT * FROM "{table}"'.encode()).fetchall()) for (table,) in tables)
