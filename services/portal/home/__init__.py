"""The start page of an organization, with the setup checklist."""
