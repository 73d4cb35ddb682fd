"""The JSON routes of identity, cut by subject."""
