"""Signing in and out with a password."""
