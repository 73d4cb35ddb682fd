"""`python -m organizations`: the service as a process."""

from kit.service import serve
from kit.settings import ServiceSettings
from organizations.main import NAME, build


def main() -> None:
    """Serve until SIGTERM."""
    settings = ServiceSettings.load()
    serve(build(settings), NAME, settings)


if __name__ == "__main__":
    main()
