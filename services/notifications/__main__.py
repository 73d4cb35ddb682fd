"""`python -m notifications`: the service as a process, and its commands."""

from notifications.service import NotificationsService
from runtime.cli import main

if __name__ == "__main__":
    main(NotificationsService)
