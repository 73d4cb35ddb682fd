"""Operators of the installation, and what they may do for accounts."""
