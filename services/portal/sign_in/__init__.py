"""Sign in at the OpenID Connect provider, and sign out."""
