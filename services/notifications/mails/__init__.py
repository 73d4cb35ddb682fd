"""Mails, one folder each: the event that leads to it, its context, and its template. See the README.md of the service."""
