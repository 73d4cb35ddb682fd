"""The route that lists the installed connectors with their credential forms."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from access.guard import Guard
from access.principal import Principal
from platforms.connections.connector import Connector
from platforms.connections.form_fields import FormField, fields_of
from platforms.connectors import installed


class ConnectorAnswer(BaseModel):
    """A way to connect to a kind of platform: an API, or the report database."""

    name: str = Field(
        description="Name of the connector. With the target `api`, the value of a platform's `api`.",
        examples=["mt5-webapi"],
    )
    title: str = Field(description="Name to show to users.", examples=["MT5 Web API"])
    summary: str = Field(
        description="One sentence that says when to choose this connector.",
        examples=["The server's own protocol over TCP. Recommended."],
    )
    kind: str = Field(description="Kind of platform that the connector works with.", examples=["mt5"])
    target: Literal["api", "db"] = Field(
        description="Credentials that the connector uses: those of the API (`api-credentials`) or of the report "
        "database (`db-credentials`).",
        examples=["api"],
    )
    capabilities: list[str] = Field(
        description="`check`: a check signs in with the credentials. `read`: accounts, positions, orders, deals and "
        "symbols can be read. `write`: orders can be sent. Later versions may add more.",
        examples=[["check", "read"]],
    )
    tls: str | None = Field(
        description="`off` or `verify` if the protocol prescribes it; null if the form has a field for it.",
        examples=["off"],
    )
    fields: list[FormField] = Field(description="Fields of the credential form, in the order of entry.")

    @classmethod
    def of(cls, connector: Connector) -> "ConnectorAnswer":
        return cls(
            name=connector.name,
            title=connector.title,
            summary=connector.summary,
            kind=connector.kind,
            target=connector.target,
            capabilities=sorted(connector.capabilities),
            tls=connector.tls,
            fields=fields_of(connector),
        )


class ConnectorList(BaseModel):
    """The installed connectors."""

    items: list[ConnectorAnswer] = Field(
        description="Sorted by kind and target; the first of each is the recommended one."
    )


def routes(guard: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/platform-connectors", tags=["platforms"])

    @router.get("", operation_id="list_platform_connectors", summary="List the installed connectors")
    async def list_platform_connectors(_: Annotated[Principal, Depends(guard.anyone)]) -> ConnectorList:
        """Returns the connectors, each with the fields of its credential form. Requires a valid access token only."""
        return ConnectorList(items=[ConnectorAnswer.of(one) for one in installed().all])

    return router
