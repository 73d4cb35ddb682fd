"""Signing in: login throttle, locks and known devices."""
