"""The audit trail of an organization."""
