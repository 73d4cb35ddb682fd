"""`python -m identity`: the service as a process."""

from identity.main import NAME, build
from identity.settings import Settings
from kit.service import serve


def main() -> None:
    """Serve until SIGTERM."""
    settings = Settings.load()
    serve(build(settings), NAME, settings)


if __name__ == "__main__":
    main()
