"""Shared by the connectors of report databases on MySQL or MariaDB."""
