"""Warning of a secret that expires soon."""
