"""Notice of a registration with an address that has an account."""
