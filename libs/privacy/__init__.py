"""Personal data: its export, the erasure log, and the reset of a restored database."""
