"""Organizations: create, rename, delete, restore and purge them."""
