"""MetaTrader 5 Web API: one set of commands over two carriers, TCP and HTTPS."""
