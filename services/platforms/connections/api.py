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
    """One way to reach a kind of platform: an API, or the report database."""

    name: str = Field(description="For the target api, the value of a platform's `api`.", examples=["mt5-webapi"])
    title: str = Field(examples=["MT5 Web API"])
    summary: str = Field(description="One sentence that helps to choose.")
    kind: str = Field(description="The kind of platform that it fits.", examples=["mt5"])
    target: Literal["api", "db"] = Field(
        description="Which credentials it uses: those of the API (`api-credentials`) or of the report database "
        "(`db-credentials`)."
    )
    capabilities: list[str] = Field(
        description="`check`: the credentials can be tried to the end. `read`: accounts, positions, orders, deals and "
        "symbols can be read. `write`: orders can be sent. More may be added.",
        examples=[["check", "read"]],
    )
    tls: str | None = Field(description="`off` or `verify` where the protocol decides; null where the form asks.")
    fields: list[FormField] = Field(description="The credential form.")

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
    items: list[ConnectorAnswer] = Field(description="By kind and target; the first of each is the usual choice.")


def routes(guard: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/platform-connectors", tags=["platforms"])

    @router.get("", operation_id="list_platform_connectors")
    async def list_platform_connectors(_: Annotated[Principal, Depends(guard.anyone)]) -> ConnectorList:
        """List the connectors that are installed, each with the fields of its credential form."""
        return ConnectorList(items=[ConnectorAnswer.of(one) for one in installed().all])

    return router
