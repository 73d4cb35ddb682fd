"""Erasing a user's personal data in every service."""
