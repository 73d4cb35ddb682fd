"""What is read from platforms: one model for MetaTrader 4 and 5, from the live API or the report database."""
