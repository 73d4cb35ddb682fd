"""The organizations of a user: create, rename, leave, delete, restore."""
