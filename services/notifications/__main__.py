"""`python -m notifications`: the service, configured by the environment."""

from kit.service import serve
from notifications.main import NAME, build
from notifications.settings import Settings

if __name__ == "__main__":
    settings = Settings.load()
    serve(build(settings), NAME, settings)
