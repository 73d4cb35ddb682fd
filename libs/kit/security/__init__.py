"""Keys, tokens and rate limits."""
