"""The gateway: one table of routes, and what is generated from it."""
