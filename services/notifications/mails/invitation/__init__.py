"""The link of an invitation to an organization."""
