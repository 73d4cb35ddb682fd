"""`python -m organizations`: the service as a process, and its commands."""

from kit.service import serve
from kit.settings import ServiceSettings
from organizations.main import NAME, build, tools
from runtime.cli import commands


def main() -> None:
    """Serve until SIGTERM, or do what the command line says."""
    commands(NAME, _serve, lambda: tools(ServiceSettings.load()))(prog_name=NAME)


def _serve() -> None:
    settings = ServiceSettings.load()
    serve(build(settings), NAME, settings)


if __name__ == "__main__":
    main()
