"""Event sourcing: aggregates, the event table, read models that change with it."""
