"""The routes and hosted pages of all slices."""

from fastapi import APIRouter

from identity.clients import api as client_routes
from identity.container import Container
from identity.devices.cookies import DeviceCookie
from identity.invitations.pages import invitations_router
from identity.invitations.service import UNKNOWN_LINKS, InvitationAcceptance
from identity.login_throttle import api as login_throttle_routes
from identity.oauth import service as oauth
from identity.oauth.logout.pages import client_logout_router
from identity.pages.rendering import Renderer
from identity.passwords import api as password_routes
from identity.passwords.pages import passwords_router
from identity.registration import api as registration_routes
from identity.registration.pages import registration_router
from identity.registration.service import OF_A_NETWORK
from identity.sessions import api as session_routes
from identity.sessions.cookies import SessionCookie
from identity.settings import Settings
from identity.sign_in.pages import sign_in_router
from identity.users import api as user_routes
from kit.http.csrf import CsrfGuard
from kit.messaging.bus import Bus
from kit.security.rate_limiter import FailureThrottle, rate_limited
from runtime.definition import Web


def routers(
    inside: Container, settings: Settings, bus: Bus, web: Web, endpoints: oauth.TokenEndpoints
) -> list[APIRouter]:
    """All routers of the service."""
    cookie = SessionCookie(inside.sessions, secure=settings.secure)
    show = Renderer(secure=settings.secure)
    return [
        *_api(inside, web),
        oauth.routes(
            inside.oauth,
            inside.signing_keys,
            inside.users,
            cookie.session_of,
            show.refused,
            web.guard,
            endpoints,
        ),
        show.static_router(),
        *_pages(inside, settings, bus, web, show, cookie),
    ]


def _api(inside: Container, web: Web) -> list[APIRouter]:
    limited = rate_limited(inside.limiter, OF_A_NETWORK, web.address_of)
    return [
        registration_routes.routes(inside.registration, limited),
        user_routes.routes(web.guard, inside.users),
        password_routes.routes(web.guard, inside.passwords, inside.hashing),
        session_routes.routes(web.guard, inside.sessions),
        client_routes.routes(inside.clients, web.guard, inside.idempotency),
        login_throttle_routes.routes(web.operator, inside.login_throttle),
    ]


def _pages(
    inside: Container, settings: Settings, bus: Bus, web: Web, show: Renderer, cookie: SessionCookie
) -> list[APIRouter]:
    csrf, address_of = CsrfGuard(settings.public_url), web.address_of
    limited = rate_limited(inside.limiter, OF_A_NETWORK, address_of)
    device_cookie = DeviceCookie(inside.devices, secure=settings.secure)
    return [
        sign_in_router(
            show,
            csrf,
            cookie,
            device_cookie,
            address_of,
            inside.users,
            inside.sign_in,
            inside.sessions,
            inside.hashing,
            inside.oauth.may_redirect,
            portal=settings.portal_secret is not None,
        ),
        client_logout_router(
            show, csrf, cookie, inside.users, inside.sessions, inside.oauth.hints, inside.oauth.first_party
        ),
        registration_router(show, csrf, inside.registration, limited, settings.registration_domains),
        passwords_router(
            show,
            csrf,
            cookie,
            device_cookie,
            inside.users,
            inside.passwords,
            inside.hashing,
            inside.oauth.may_redirect,
        ),
        invitations_router(
            show,
            csrf,
            cookie,
            device_cookie,
            address_of,
            inside.users,
            inside.passwords,
            inside.sessions,
            inside.hashing,
            FailureThrottle(inside.limiter, UNKNOWN_LINKS, inside.clock),
            InvitationAcceptance(bus),
        ),
    ]
