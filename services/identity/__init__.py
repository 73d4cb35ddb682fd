"""Accounts, sessions, OAuth 2.0 and OpenID Connect, clients."""
