"""`python -m portal`: the service as a process."""

from kit.service import serve
from portal.main import NAME, build
from portal.settings import Settings


def main() -> None:
    """Serve until SIGTERM."""
    settings = Settings.load()
    serve(build(settings), NAME, settings)


if __name__ == "__main__":
    main()
