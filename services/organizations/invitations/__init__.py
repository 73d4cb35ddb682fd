"""Invitations to an organization, from the mail's link to the membership."""
