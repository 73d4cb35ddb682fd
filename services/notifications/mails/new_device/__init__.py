"""Notice of a sign-in on a new device."""
