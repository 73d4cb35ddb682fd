"""Answers of the authorization endpoint by a form that the browser posts (OAuth 2.0 Form Post Response Mode)."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse

_SCRIPT = "document.forms[0].submit()"
_HASH = b64encode(sha256(_SCRIPT.encode()).digest()).decode()
# No form-action: Chromium applies it to the redirects that follow, which are the client's own matter.
_POLICY = f"default-src 'none'; script-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>One moment</title></head>
<body>
<form method="post" action="{action}">
{fields}
<noscript><button type="submit">Go on</button></noscript>
</form>
<script>{script}</script>
</body>
</html>
"""


def form_post(location: str) -> HTMLResponse:
    """The page in place of a redirect to `location`, whose query becomes the form's fields."""
    action, _, query = location.partition("?")
    fields = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in parse_qsl(query)
    )
    page = _PAGE.format(action=escape(action), fields=fields, script=_SCRIPT)
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})
