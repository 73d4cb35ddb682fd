"""What builds the documentation site and the figures in it."""
