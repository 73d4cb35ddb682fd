"""`python -m notifications`: the service as a process, and its commands."""

from kit.service import serve
from notifications.main import NAME, build, tools
from notifications.settings import Settings
from runtime.cli import commands


def main() -> None:
    """Serve until SIGTERM, or do what the command line says."""
    commands(NAME, _serve, lambda: tools(Settings.load()))(prog_name=NAME)


def _serve() -> None:
    settings = Settings.load()
    serve(build(settings), NAME, settings)


if __name__ == "__main__":
    main()
