"""Composition of a service: its HTTP application, background work and command line from one definition."""
