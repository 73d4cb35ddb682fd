"""`python -m identity`: the service as a process, and its commands."""

from identity.commands import app


def main() -> None:
    """Serve until SIGTERM, or do what the command line says."""
    app(prog_name="identity")


if __name__ == "__main__":
    main()
