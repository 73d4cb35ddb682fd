"""Staged checks: each stage says what it found and, where something is wrong, what to do about it."""
