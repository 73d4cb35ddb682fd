"""Deployment: the gateway, the local runner and its mailbox."""
