"""Personal data: what a service holds about one person, and who was erased."""
