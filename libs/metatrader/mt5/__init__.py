"""MetaTrader 5 Web API: one set of commands over two transports, TCP and HTTPS."""
