"""Notice of a new API client."""
