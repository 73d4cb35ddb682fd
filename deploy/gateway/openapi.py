"""The one OpenAPI document, merged from those of the services."""

import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from deploy.gateway.examples import with_examples
from deploy.gateway.links import with_links

Document = dict[str, Any]

_INFO = {
    "title": "Tradehall",
    "version": "1",
    "description": "The control plane of a brokerage that runs MetaTrader. Not affiliated with MetaQuotes.",
}

_TAGS = {
    "users": "Registration, forgotten passwords, the account and sessions of the signed-in user",
    "clients": "An organization's programs and their secrets",
    "oauth": "OAuth 2.0 and OpenID Connect",
    "organizations": "Tenants, each with members, programs and platforms of its own",
    "members": "Who belongs to an organization, and what they may do there",
    "invitations": "How somebody becomes a member",
    "audit": "What was changed, by whom; and the organization's events",
    "platforms": "Registered trade platforms, their credentials, and whether they can be reached",
    "accounts": "What is read from a trade platform",
    "operations": "For those who run this installation",
}


def write(ports: Mapping[str, int], folder: Path) -> None:
    """Asks every service (name to port on 127.0.0.1) for its document and writes openapi.json."""
    documents = {name: _fetch(port) for name, port in sorted(ports.items())}
    (folder / "openapi.json").write_text(json.dumps(with_links(with_examples(merged(documents)))))


def merged(documents: Mapping[str, Document]) -> Document:
    """One document of those of the services, by name of service.

    Where two services call different schemas alike, the later one's gets the service's name in front.
    Raises ValueError when two services answer one path.
    """
    paths: Document = {}
    components: dict[str, Document] = {}
    for service, document in documents.items():
        document = _without_clashes(service, document, components.get("schemas", {}))
        for path, item in document.get("paths", {}).items():
            if path in paths:
                raise ValueError(f"two services answer {path}")
            paths[path] = {
                method: {**operation, "tags": operation.get("tags") or [service]} for method, operation in item.items()
            }
        for kind, entries in document.get("components", {}).items():
            components.setdefault(kind, {}).update(entries)
    tags = [{"name": name, "description": text} for name, text in _TAGS.items()]
    return {"openapi": "3.1.0", "info": _INFO, "tags": tags, "paths": paths, "components": components}


def _without_clashes(service: str, document: Document, known: Mapping[str, Any]) -> Document:
    schemas = document.get("components", {}).get("schemas", {})
    clashes = [name for name, schema in schemas.items() if name in known and known[name] != schema]
    text = json.dumps(document)
    for name in clashes:
        renamed = f"{service.capitalize()}{name}"
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{renamed}"')
    document = json.loads(text)
    for name in clashes:
        schemas = document["components"]["schemas"]
        schemas[f"{service.capitalize()}{name}"] = schemas.pop(name)
    return document


def _fetch(port: int) -> Document:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=10) as answer:
        return cast(Document, json.load(answer))
