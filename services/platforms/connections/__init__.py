"""The base of connectors: their interface, forms, addresses and sessions."""
