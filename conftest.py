"""Fixtures that every package's tests share."""

pytest_plugins = ["embedded.fixtures"]
