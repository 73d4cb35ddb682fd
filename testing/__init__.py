"""Shared by the tests: servers, a running service, fakes of the other services, and a driver of whole systems."""
