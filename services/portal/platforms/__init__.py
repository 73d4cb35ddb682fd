"""Trade platforms: settings, credentials, checks, sample data."""
