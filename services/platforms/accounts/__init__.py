"""What is read from platforms: one model for all kinds, from the live API or the report database."""
