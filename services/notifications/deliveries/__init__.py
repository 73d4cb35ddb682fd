"""Deliveries: each mail from the request to its end, the queue of mails that are due, and sending them by SMTP."""
