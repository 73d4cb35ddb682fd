"""API clients of an organization: scopes and secrets."""
