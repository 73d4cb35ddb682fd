"""The use cases of identity, cut by subject."""
