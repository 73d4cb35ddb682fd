"""Sessions of users and their cookies."""
