"""The routes of all slices."""

from fastapi import APIRouter

from identity.clients import api as client_routes
from identity.container import Container
from identity.oauth import service as oauth
from identity.operators import api as account_operations
from identity.pages.hosted import hosted_pages
from identity.pages.rendering import Renderer
from identity.people import api as people_routes
from identity.registration.service import OF_A_NETWORK
from identity.sessions.cookies import SessionCookie
from identity.settings import Settings
from kit.messaging.bus import Bus
from kit.security.rate_limiter import rate_limited
from runtime.definition import Web


def routers(
    inside: Container, settings: Settings, bus: Bus, web: Web, endpoints: oauth.TokenEndpoints
) -> list[APIRouter]:
    cookie = SessionCookie(inside.sessions, secure=settings.secure)
    show = Renderer(secure=settings.secure)
    limited = rate_limited(inside.limiter, OF_A_NETWORK, web.address_of)
    return [
        people_routes.open_router(inside.registration, limited),
        people_routes.own_router(web.guard, inside.people, inside.passwords, inside.sessions, inside.hashing),
        client_routes.routes(inside.clients, web.guard, inside.idempotency),
        oauth.routes(
            inside.oauth,
            inside.signing_keys,
            inside.people,
            cookie.session_of,
            show.refused,
            web.guard,
            endpoints,
        ),
        *hosted_pages(inside, settings, bus, show, cookie, web.address_of),
        account_operations.routes(web.operator, inside.guesses),
    ]
