"""Registration, decided by a background worker from pending requests."""
