"""Mails, one folder each: the triggering event, its context and its template. See README.md of the service."""
