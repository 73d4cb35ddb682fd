"""Credentials of platforms: encrypted in the vault, each use recorded."""
