"""Merging the documents of the services."""

from typing import Any

import pytest

from deploy.gateway.links import with_links
from deploy.gateway.openapi import merged


def _document(path: str, schema: dict[str, Any]) -> dict[str, Any]:
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}}
    return {
        "paths": {path: {"get": {"responses": {"200": answer}}}},
        "components": {"schemas": {"Page": schema}},
    }


def test_schemas_of_one_name_and_different_content_are_kept_apart() -> None:
    whole = merged({"one": _document("/one", {"type": "object"}), "two": _document("/two", {"type": "array"})})
    assert whole["components"]["schemas"] == {"Page": {"type": "object"}, "TwoPage": {"type": "array"}}
    answer = whole["paths"]["/two"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/TwoPage"}
    assert whole["paths"]["/one"]["get"]["tags"] == ["one"]


def test_identical_schemas_are_merged() -> None:
    same = {"type": "object"}
    whole = merged({"one": _document("/one", same), "two": _document("/two", same)})
    assert whole["components"]["schemas"] == {"Page": same}


def test_one_path_in_two_services_is_an_error() -> None:
    with pytest.raises(ValueError, match="two services answer /one"):
        merged({"one": _document("/one", {}), "two": _document("/one", {})})


def test_created_resources_link_to_their_operations() -> None:
    def operation(name: str, status: str = "200") -> dict[str, Any]:
        return {"operationId": name, "responses": {status: {"description": ""}}}

    paths = {
        "/shelves/{shelf}/books": {"post": operation("add", "201"), "get": operation("list")},
        "/shelves/{shelf}/books/{id}": {"get": operation("show"), "delete": operation("remove")},
        "/shelves/{shelf}/books/{id}/cover": {"put": operation("cover"), "delete": operation("uncover")},
        "/shelves/{shelf}/books/{id}/pages/{page}": {"get": operation("page")},
    }
    links = with_links({"paths": paths})["paths"]["/shelves/{shelf}/books"]["post"]["responses"]["201"]["links"]
    assert set(links) == {"show", "remove", "cover"}
    assert links["show"]["parameters"] == {"shelf": "$request.path.shelf", "id": "$response.body#/id"}
