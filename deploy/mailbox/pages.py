"""The mailbox's pages. Mails are untrusted: their text is escaped, their HTML shown in a sandboxed frame."""

import re
from html import escape
from typing import Any

HEADERS = {
    # Mails load nothing from elsewhere and run nothing; a frame by srcdoc inherits this.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .4rem .8rem .4rem 0 }
tr + tr { border-top: 1px solid #dde3ea } a { color: #0b5cad } h1 { font-size: 1.6rem; margin: 1rem 0 }
body { color: #1d2733 } dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem }
dt { color: #566373 } dd { margin: 0 }
pre { white-space: pre-wrap; background: #f5f7f9; padding: 1rem; font: 15px/1.5 ui-monospace, monospace }
iframe { width: 100%; height: 32rem; border: 1px solid #dde3ea; background: #fff }
"""


def list_page(summaries: list[dict[str, Any]], total: int) -> str:
    """The newest mails; it looks again every five seconds."""
    rows = "".join(
        f"<tr><td>{_time(each['Created'])}</td><td>{_people(each['To'])}</td>"
        f'<td><a href="/messages/{escape(each["ID"])}">{_subject(each)}</a></td></tr>'
        for each in summaries
    )
    shown = f"{len(summaries)} of {total} mails, newest first." if total else "No mail yet."
    table = f"<table><tr><th>Received (UTC)<th>To<th>Subject</tr>{rows}</table>" if total else ""
    return _page("Mailbox", f"<h1>Mailbox</h1><p>{shown}</p>{table}", '<meta http-equiv="refresh" content="5">')


def mail_page(mail: dict[str, Any]) -> str:
    """One mail: its text with links to follow, and its HTML as a mail program would show it."""
    html = mail["HTML"]
    framed = (
        "<h2>As HTML</h2>"
        '<iframe title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" '
        f'srcdoc="{escape("<base target=_blank>" + html)}"></iframe>'
        if html
        else ""
    )
    return _page(
        mail["Subject"] or "(no subject)",
        f'<p><a href="/">All mails</a></p><h1>{_subject(mail)}</h1>'
        f"<dl><dt>From<dd>{_people([mail['From']])}<dt>To<dd>{_people(mail['To'])}"
        f"<dt>Received (UTC)<dd>{_time(mail['Date'])}</dl>"
        f"<pre>{_linked(mail['Text'])}</pre>{framed}",
    )


def _page(title: str, content: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{head}'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{content}</body></html>"
    )


def _people(addresses: list[dict[str, str]]) -> str:
    return escape(
        ", ".join(f"{each['Name']} <{each['Address']}>" if each["Name"] else each["Address"] for each in addresses)
    )


def _subject(mail: dict[str, Any]) -> str:
    return escape(mail["Subject"] or "(no subject)")


def _time(instant: str) -> str:
    return escape(instant[:19].replace("T", " "))


def _linked(text: str) -> str:
    """The text escaped, with its web addresses as links."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        address = escape(match[0])
        parts += [
            escape(text[end : match.start()]),
            f'<a href="{address}" rel="noreferrer" target="_blank">{address}</a>',
        ]
        end = match.end()
    return "".join([*parts, escape(text[end:])])
