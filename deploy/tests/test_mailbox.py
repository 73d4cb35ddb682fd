"""The built-in mailbox, as a process, by SMTP and HTTP."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.local.folder import VarFolder
from deploy.local.gateway_and_mailbox import Mailbox
from embedded import temporary_folder
from testing import plain_http


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as path:
        yield path


def _send(mailbox: Mailbox, subject: str, to: str = "Ann Example <ann@broker.example>") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Tradehall <no-reply@tradehall.example>", to, subject
    mail["Message-ID"] = "<1@tradehall.example>"
    mail.set_content("Your password: ärger-7\nhttp://localhost/login?a=1&b=2.\n")
    mail.add_alternative("<p onclick=\"x()\">Your <b>password</b></p><script>alert('x')</script>", subtype="html")
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=5) as smtp:
        smtp.send_message(mail)


def test_mails_are_listed_newest_first_shown_and_kept_over_a_restart(folder: Path) -> None:
    mailbox = Mailbox(VarFolder(folder))
    process = mailbox.process()
    for start in range(2):
        process.start()
        process.wait_until(mailbox.is_ready, 10, "the mailbox")
        _send(mailbox, f"Number {start}")
        listed = plain_http.get(f"{mailbox.url}/api/v1/messages", params={"limit": 1}).json()
        assert (listed["total"], len(listed["messages"])) == (start + 1, 1)
        first = listed["messages"][0]
        assert first["Subject"] == f"Number {start}"
        assert first["From"] == {"Name": "Tradehall", "Address": "no-reply@tradehall.example"}
        assert first["To"] == [{"Name": "Ann Example", "Address": "ann@broker.example"}]
        process.stop()

    process.start()
    process.wait_until(mailbox.is_ready, 10, "the mailbox")
    try:
        listed = plain_http.get(f"{mailbox.url}/api/v1/messages").json()["messages"]
        assert [mail["Subject"] for mail in listed] == ["Number 1", "Number 0"]
        mail = plain_http.get(f"{mailbox.url}/api/v1/message/{listed[1]['ID']}").json()
        assert "ärger-7" in mail["Text"]
        assert "<b>password</b>" in mail["HTML"]
        assert mail["MessageID"] == "1@tradehall.example"
        assert plain_http.get(f"{mailbox.url}/api/v1/message/latest").json()["Subject"] == "Number 1"
        assert plain_http.get(f"{mailbox.url}/api/v1/message/..%2f..%2fports.json").status_code == 404
        assert plain_http.get(f"{mailbox.url}/api/v1/messages", params={"limit": "x"}).status_code == 400
    finally:
        process.stop()


def test_a_mail_page_runs_no_script_of_the_mail(folder: Path) -> None:
    mailbox = Mailbox(VarFolder(folder))
    process = mailbox.process()
    process.start()
    process.wait_until(mailbox.is_ready, 10, "the mailbox")
    try:
        _send(mailbox, "<script>alert(1)</script>")
        front = plain_http.get(mailbox.url)
        identifier = plain_http.get(f"{mailbox.url}/api/v1/messages").json()["messages"][0]["ID"]
        page = plain_http.get(f"{mailbox.url}/messages/{identifier}")
        assert "<script>" not in front.text + page.text
        assert '<a href="http://localhost/login?a=1&amp;b=2"' in page.text
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        # A foreign site whose name resolves to this machine reads nothing.
        assert plain_http.get(mailbox.url, headers={"Host": "evil.example"}).status_code == 403
    finally:
        process.stop()
