"""Notifications: sends one mail for each event that a user must know about, across redelivery and restarts."""
