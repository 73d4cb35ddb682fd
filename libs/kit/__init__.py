"""Plumbing that two services need and that has no business word in it."""
