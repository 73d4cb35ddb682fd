"""Privileges of a database user beyond reading, granted directly or by a role."""

import re
from collections.abc import Iterable

from pymysql.err import MySQLError

from platforms.connectors.report_database.mysql import ReportConnection, quoted

_READING = frozenset(
    {
        "USAGE",
        "SELECT",
        "SHOW VIEW",
        "SHOW DATABASES",
        "PROCESS",
        "REPLICATION CLIENT",
        "BINLOG MONITOR",
        "SLAVE MONITOR",
        "REPLICA MONITOR",
        "SHOW CREATE ROUTINE",
    }
)
_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<on>.+) TO ", re.DOTALL)
_COLUMNS = re.compile(r"\([^)]*\)")
_NAME = r"`(?:[^`]|``)+`(?:@`(?:[^`]|``)*`)?"
_ROLES = re.compile(rf"GRANT ({_NAME}(?:, ?{_NAME})*) TO {_NAME}")


async def rights_beyond_reading(connection: ReportConnection) -> list[str]:
    """Also those of roles that the user may take but has not taken. Raises pymysql.err.MySQLError, TimeoutError."""
    lines = await _lines(connection, "SHOW GRANTS")
    roles = roles_of(lines)
    if not roles:
        return writing_rights(lines)
    try:
        return writing_rights(lines + await _lines_with(connection, roles))
    except MySQLError:
        return [*writing_rights(lines), *(f"ROLE {role}" for role in roles)]


async def _lines_with(connection: ReportConnection, roles: list[str]) -> list[str]:
    """With all roles. MariaDB shows the privileges of a role only to a session that has set it."""
    if not connection.is_mariadb:
        return await _lines(connection, f"SHOW GRANTS FOR CURRENT_USER() USING {', '.join(roles)}")
    taken = (await connection.rows("SELECT CURRENT_ROLE() AS role"))[0]["role"]
    lines = []
    for role in roles:
        await connection.rows(f"SET ROLE {role}")
        lines += await _lines(connection, "SHOW GRANTS")
    await connection.rows(f"SET ROLE {quoted(str(taken)) if taken else 'NONE'}")
    return lines


async def _lines(connection: ReportConnection, statement: str) -> list[str]:
    return [str(value) for row in await connection.rows(statement) for value in row.values()]


def roles_of(grants: Iterable[str]) -> list[str]:
    """The roles that are granted to the user, quoted as the server quotes them; not those that come by a role."""
    found: list[str] = []
    for line in grants:
        match = _ROLES.fullmatch(line.removesuffix(" WITH ADMIN OPTION"))
        if match is not None and "`@`" in line.rpartition(" TO ")[2]:
            found += re.findall(_NAME, match[1])
    return list(dict.fromkeys(found))


def writing_rights(grants: Iterable[str]) -> list[str]:
    """The privileges beyond reading that the lines of SHOW GRANTS give, in order of their names."""
    rights: set[str] = set()
    for line in grants:
        match = _GRANT.match(line)
        if match is not None:
            given = _COLUMNS.sub("", match["rights"]).split(",")
            rights |= {right.strip().upper() for right in given}
            rights |= {"GRANT OPTION"} if "WITH GRANT OPTION" in line else set()
    return sorted(rights - _READING)
