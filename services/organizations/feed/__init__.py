"""The feed: an organization's events of all services, for clients that cannot reach the bus."""
