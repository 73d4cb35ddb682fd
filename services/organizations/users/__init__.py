"""Replica of user accounts, from identity's events."""
