"""Mails as the mail server gets them: addresses, headers, and untrusted names."""

from uuid import uuid4

import pytest

from contracts.identity import ClientCreated, UserPasswordChanged
from contracts.organizations import OrgCreated
from notifications.tests.smtp_server import FakeSmtpServer
from notifications.tests.world import World


def _password_changed(world: World, email: str = "ada@mail.example") -> None:
    world.hears(UserPasswordChanged(user_id=world.meets(email), how="changed"))


def test_a_mail_goes_to_the_address_as_typed_with_an_ascii_domain(world: World, smtp_server: FakeSmtpServer) -> None:
    _password_changed(world, "Ada.Lovelace@Bücher.example")
    world.sends()
    assert smtp_server.only().recipients == ("Ada.Lovelace@xn--bcher-kva.example",)


def test_an_international_address_is_written_to_where_the_server_offers_it(
    world: World, smtp_server: FakeSmtpServer
) -> None:
    _password_changed(world, "žofie@mail.example")
    world.sends()
    assert smtp_server.only().recipients == ("žofie@mail.example",)
    assert world.row().state == "sent"


def test_an_international_address_fails_where_the_server_does_not_offer_it(
    world: World, smtp_server: FakeSmtpServer
) -> None:
    smtp_server.smtputf8 = False
    _password_changed(world, "žofie@mail.example")
    world.sends()
    assert (world.row().state, world.row().reason) == ("failed", "smtputf8-not-offered")


@pytest.mark.parametrize(
    "address", ["eve@x.example\r\nBcc: all@mail.example", "eve@x.example, bob@y.example", "", "eve", "<eve@x.example>"]
)
def test_an_address_that_could_break_a_header_gets_no_mail(
    world: World, smtp_server: FakeSmtpServer, address: str
) -> None:
    _password_changed(world, address)
    world.sends()
    assert (world.row().state, world.row().reason) == ("failed", "unusable-address")
    assert smtp_server.letters == []


HOSTILE = 'Eve\r\nBcc: all@mail.example\u202e\u2028<script>alert("x")</script> https://evil.example/{{ 7*7 }}\0'


def test_hostile_names_stay_text(world: World, smtp_server: FakeSmtpServer) -> None:
    user_id, organization_id = world.meets(), uuid4()
    world.hears(OrgCreated(organization_id=organization_id, name=HOSTILE.replace("\0", ""), owner=uuid4()))
    world.hears(
        ClientCreated(
            client=uuid4(),
            client_id="thc_1",
            organization_id=organization_id,
            name=HOSTILE.replace("\0", ""),
            scopes=(),
            created_by=user_id,
        )
    )
    world.sends()
    letter = smtp_server.only()
    assert letter.recipients == ("ada@mail.example",)
    assert "Bcc" not in letter.message
    assert "\n" not in letter.message["Subject"]
    assert "<script>" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert "{{ 7*7 }}" in letter.text
    for form in (letter.text, letter.html, letter.message["Subject"]):
        assert not set("\u202e\u2028\0") & set(form)
        assert "https://evil" not in form


def test_the_headers_are_complete(world: World, smtp_server: FakeSmtpServer) -> None:
    _password_changed(world)
    world.sends()
    message = smtp_server.only().message
    assert message["From"] == "Tradehall <no-reply@hall.example>"
    assert message["To"] == "ada@mail.example"
    assert message["Message-ID"] == f"<{world.row().id}@hall.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == world.clock()
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert smtp_server.only().content.isascii()
    assert max(map(len, smtp_server.only().content.split(b"\r\n"))) <= 998
