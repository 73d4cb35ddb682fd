"""Identity's own operations in the OpenAPI document."""

from typing import Any

import pytest

from identity.service import IdentityService
from identity.tests.container import settings
from runtime.application import application, construct
from testing.servers import Databases

OWN = (
    *("Accepted", "Address", "Me", "NameChange", "PasswordChange", "SessionAnswer"),
    *("ClientAnswer", "ClientChange", "CreatedClient", "IssuedSecret", "ClientCreation", "SecretCreation"),
    *("SecretAnswer", "SecretUse"),
)


@pytest.fixture(scope="module")
def document(databases: Databases) -> Any:
    made = construct(IdentityService, settings(databases.of(IdentityService)))
    try:
        return application(made).openapi()
    finally:
        made.database.close()


def test_every_operation_has_a_summary_and_sentences(document: Any) -> None:
    for path, item in document["paths"].items():
        for operation in item.values():
            if operation["tags"] in (["people"], ["clients"]) or path.endswith("/unlock"):
                assert operation["summary"] != operation["summary"].title(), path
                assert operation["description"].endswith("."), path


@pytest.mark.parametrize("name", OWN)
def test_every_field_has_a_description_and_an_example(document: Any, name: str) -> None:
    schema = document["components"]["schemas"][name]
    assert schema["description"].endswith(".")
    for field, about in schema["properties"].items():
        assert about["description"].endswith("."), field
        inner = str(about)
        assert "examples" in about or any(f"/{model}'" in inner for model in OWN), field
