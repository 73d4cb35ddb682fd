"""The link that sets a new password."""
