"""The platforms that a form offers as limits of a member or client."""

from portal.layout.api import ApiProblem, Json
from portal.layout.page_requests import PageRequest


def platform_choices(request: PageRequest) -> list[Json]:
    """Up to 200 platforms; none where the user may not list them or the service does not answer."""
    if not request.may("platforms:read"):
        return []
    try:
        return request.api.choices(f"{request.api_path}/platforms")
    except ApiProblem:
        return []
