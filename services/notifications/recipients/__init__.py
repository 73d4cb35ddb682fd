"""Whom mails go to and speak of: replicas of users and organizations, kept from events of their owners."""
