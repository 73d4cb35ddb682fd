"""User accounts: the aggregate, the user's own profile, and what other services learn of it."""
