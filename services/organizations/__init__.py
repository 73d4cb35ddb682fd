"""The organizations service: organizations, their members, invitations, and the audit trail."""
