"""Shared by the connectors of the Manager APIs."""
