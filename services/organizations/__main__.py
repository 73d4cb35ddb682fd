"""`python -m organizations`: the service as a process, and its commands."""

from organizations.service import OrganizationsService
from runtime.cli import main

if __name__ == "__main__":
    main(OrganizationsService)
