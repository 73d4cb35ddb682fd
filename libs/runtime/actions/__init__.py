"""Operator actions: how one is defined, and those that every service has. Light to import: `tradehall` does."""
