"""The one-time password of a new account."""
