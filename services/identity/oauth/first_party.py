"""The operator's own programs in which users sign in, as the settings name them."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

_PLAIN = re.compile(r"[A-Za-z0-9:/.\[\]_~%!$&'()+,;=-]{1,2000}")
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


def _address(value: str) -> str:
    parts = urlsplit(value)
    if not _PLAIN.fullmatch(value) or not parts.hostname:
        raise ValueError("give a whole address, without user, query, fragment or wildcard")
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in _THIS_MACHINE):
        raise ValueError("give an https address; http is for localhost only")
    return value


Address = Annotated[str, AfterValidator(_address)]


class FirstPartyProgram(BaseModel):
    """A confidential client. The operator vouches for it, so no user is asked for consent."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_id: str = Field(pattern=r"^[a-z][a-z0-9-]{2,63}$")
    client_secret: SecretStr = Field(min_length=32)
    redirect_uris: frozenset[Address] = Field(min_length=1)
    post_logout_redirect_uris: frozenset[Address] = frozenset()
