"""Service status, dead letters and e-mails, for operators."""
