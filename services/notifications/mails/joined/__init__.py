"""Welcome to an organization."""
