"""Answers of the authorization endpoint in a form that the browser posts (OAuth 2.0 Form Post Response Mode)."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape

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
<noscript><button type="submit">Continue</button></noscript>
</form>
<script>{script}</script>
</body>
</html>
"""


def form_post(redirect_uri: str, parameters: Mapping[str, str]) -> HTMLResponse:
    """The page that posts the parameters to the client, in place of a redirect."""
    fields = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in parameters.items()
    )
    page = _PAGE.format(action=escape(redirect_uri), fields=fields, script=_SCRIPT)
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})
