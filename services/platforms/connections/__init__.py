"""What connectors are made of: their interface, forms, addresses and sessions."""
