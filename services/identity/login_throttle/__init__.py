"""Throttling of sign-in attempts, and the locks that users are notified of."""
