"""The public routes of the service."""
