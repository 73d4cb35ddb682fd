"""Members of an organization, their permissions, and invitations."""
