"""The build of the documentation site and of the figures in it."""
