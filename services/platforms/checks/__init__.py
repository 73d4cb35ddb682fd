"""Checks of platforms: staged, scheduled, with their history."""
