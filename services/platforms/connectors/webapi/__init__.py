"""The MetaTrader 5 Web API, which two connectors carry: over TCP and over HTTPS."""
