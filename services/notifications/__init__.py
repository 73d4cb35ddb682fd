"""Mails: one for each event that somebody must hear of, whatever is redelivered or restarted."""
