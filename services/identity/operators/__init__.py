"""Operators of the installation."""
