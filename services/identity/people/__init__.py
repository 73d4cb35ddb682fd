"""User accounts: the aggregate, their own profile, and what other services hear of them."""
