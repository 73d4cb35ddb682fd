"""The local runner: all of Tradehall on one machine, as child processes of one command."""

from deploy.local.system import Tradehall

__all__ = ["Tradehall"]
