"""The read models of identity, cut by subject."""
