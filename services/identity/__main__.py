"""`python -m identity`: the service as a process, and its commands."""

from identity.service import IdentityService
from runtime.cli import main as run


def main() -> None:
    """Serve until SIGTERM, or run the command that the command line names."""
    run(IdentityService)


if __name__ == "__main__":
    main()
