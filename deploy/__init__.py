"""How Tradehall is run: the gateway, the local runner and its mailbox."""
