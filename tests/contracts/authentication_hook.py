"""A schemathesis hook: authenticates requests as the user that SCHEMATHESIS_PERSON names."""

import json
import os
from typing import Any

import schemathesis

from testing.driver import SystemDriver, UserDriver


@schemathesis.auth()  # asked again when a token is refused: some requests end the session that they come with
class Administrator:
    def get(self, case: Any, context: schemathesis.AuthContext) -> str:
        who = json.loads(os.environ["SCHEMATHESIS_PERSON"])
        person = UserDriver(SystemDriver(who["info"]), who["email"], who["password"])
        person.sign_in()
        return str(person.fetch_tokens()["access_token"])

    def set(self, case: Any, data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"
