"""All pages of the portal."""

from fastapi import APIRouter

from kit.http.csrf import CsrfGuard
from portal.cookies import Cookies
from portal.pages import activity, clients, home, operations, organizations, platforms, profile, sign_in, users
from portal.provider import Provider
from portal.rendering import Renderer
from portal.sessions import Sessions
from portal.visits import Visits


def routers(
    show: Renderer, visits: Visits, sessions: Sessions, provider: Provider, cookies: Cookies, own_forms: CsrfGuard
) -> list[APIRouter]:
    return [
        show.assets.router(),
        sign_in.routes(show, visits, sessions, provider, cookies, own_forms),
        organizations.routes(show, visits, own_forms),
        profile.routes(show, visits, own_forms),
        operations.routes(show, visits, own_forms),
        home.routes(show, visits),
        platforms.routes(show, visits, own_forms),
        users.routes(show, visits, own_forms),
        clients.routes(show, visits, own_forms),
        activity.routes(show, visits),
        home.rest(show),
    ]
