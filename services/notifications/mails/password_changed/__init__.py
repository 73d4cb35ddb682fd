"""Notice of a changed password."""
