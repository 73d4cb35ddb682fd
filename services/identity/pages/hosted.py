"""All hosted pages of one installation."""

from fastapi import APIRouter

from identity.container import Container
from identity.invitations.pages import UNKNOWN_LINKS, invitations_router
from identity.oauth.logout.pages import client_logout_router
from identity.pages.rendering import Renderer
from identity.passwords.pages import passwords_router
from identity.registration.pages import registration_router
from identity.registration.service import OF_A_NETWORK
from identity.sessions.cookies import DeviceCookie, SessionCookie
from identity.settings import Settings
from identity.sign_in.pages import AddressOf, sign_in_router
from kit.http.csrf import CsrfGuard
from kit.messaging.bus import Bus
from kit.security.rate_limiter import FailureThrottle, rate_limited


def hosted_pages(
    parts: Container, settings: Settings, bus: Bus, show: Renderer, cookie: SessionCookie, address_of: AddressOf
) -> list[APIRouter]:
    own_forms = CsrfGuard(settings.public_url)
    limited = rate_limited(parts.limiter, OF_A_NETWORK, address_of)
    misses = FailureThrottle(parts.limiter, UNKNOWN_LINKS, parts.clock)
    device_cookie = DeviceCookie(parts.devices, secure=settings.secure)

    def may_redirect(client_id: str, redirect_uri: str) -> bool:
        client = parts.oauth.first_party.get(client_id)
        return client is not None and client.check_redirect_uri(redirect_uri)

    return [
        show.static_router(),
        sign_in_router(
            show,
            own_forms,
            cookie,
            device_cookie,
            address_of,
            parts.people,
            parts.sign_in,
            parts.sessions,
            parts.hashing,
            may_redirect,
            portal=settings.portal_secret is not None,
        ),
        client_logout_router(
            show, own_forms, cookie, parts.people, parts.sessions, parts.oauth.hints, parts.oauth.first_party
        ),
        registration_router(show, own_forms, parts.registration, limited, settings.registration_domains),
        passwords_router(
            show, own_forms, cookie, device_cookie, parts.people, parts.passwords, parts.hashing, may_redirect
        ),
        invitations_router(
            show,
            own_forms,
            cookie,
            device_cookie,
            address_of,
            parts.people,
            parts.views,
            parts.passwords,
            parts.sessions,
            parts.hashing,
            misses,
            bus,
        ),
    ]
