"""Notice of an accepted invitation."""
