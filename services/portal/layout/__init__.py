"""Shared by all subjects: rendering, the session, sign-in at the provider, the API client and the CSRF guard."""
