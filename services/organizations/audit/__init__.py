"""The audit trail: changes of an organization, by its own members and clients and by other services."""
