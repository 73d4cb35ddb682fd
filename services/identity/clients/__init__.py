"""Machine accounts of organizations and their secrets."""
