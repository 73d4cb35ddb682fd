"""What the connectors of report databases on MySQL or MariaDB share."""
