"""The pages on which an invitation is accepted."""
