"""Which check belongs to which target and API."""

from platforms.addresses import Policy
from platforms.checking.database import DatabaseCheck
from platforms.checking.manager import ManagerCheck, Mt4WebCheck
from platforms.checking.mt5 import Mt5Check
from platforms.checking.steps import Check
from platforms.credentials import Credentials
from platforms.domain import HASHED, ApiNotChosen, Target


def check_of(target: Target, kind: str, api: str, credentials: Credentials, policy: Policy) -> Check:
    """Raises ApiNotChosen for a platform without one."""
    if target == "db":
        return DatabaseCheck(kind, credentials, policy)
    if api == "none":
        raise ApiNotChosen
    if api in HASHED:
        return Mt5Check(api, credentials, policy)
    if api == "mt4-web":
        return Mt4WebCheck(credentials, policy)
    return ManagerCheck(credentials, policy)
