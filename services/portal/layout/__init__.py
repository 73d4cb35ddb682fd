"""What all subjects share: rendering, the session, sign-in at the provider, the API client and the CSRF guard."""
