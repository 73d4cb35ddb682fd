"""RP-initiated logout."""
