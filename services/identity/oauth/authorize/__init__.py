"""The authorization endpoint."""
