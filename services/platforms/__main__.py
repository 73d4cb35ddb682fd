"""`python -m platforms`: the service as a process, and its commands."""

from platforms.service import PlatformsService
from runtime.cli import main

if __name__ == "__main__":
    main(PlatformsService)
