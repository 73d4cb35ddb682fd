"""Passwords: rules, hashing, one-time passwords and resets."""
