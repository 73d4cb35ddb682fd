"""The pages, cut by subject."""
