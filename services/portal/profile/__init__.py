"""The account of the signed-in user: name, password, sessions."""
