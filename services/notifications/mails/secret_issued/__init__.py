"""Notice of a new secret of an API client."""
