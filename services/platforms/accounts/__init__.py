"""Reading accounts and deals: one model for all kinds, from the live API or the report database."""
