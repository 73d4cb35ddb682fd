"""The aggregates of identity with their events and refusals; no I/O, no clock, no settings."""
