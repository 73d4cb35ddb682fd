"""Members of an organization, and what each may do."""
