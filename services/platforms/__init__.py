"""Trade platforms: their registry, their credentials, and checks that say what is wrong."""
