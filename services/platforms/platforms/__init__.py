"""Trade platforms: add, list, change and remove them."""
