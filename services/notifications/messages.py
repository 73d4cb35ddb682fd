"""A mail as it goes over the wire: headers that no name can break, text and HTML, 7-bit safe."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from uuid import UUID

from contracts.email import InvalidEmail, normal
from notifications.rendering import Rendered


class UnusableAddress(ValueError):
    """No mail can go to this address."""


@dataclass(frozen=True, repr=False)
class Mail:
    """`utf8`: the recipient's local part is not ASCII, so the server must offer SMTPUTF8 (RFC 6531)."""

    sender: str
    recipient: str
    content: bytes
    utf8: bool


@dataclass(frozen=True)
class Letterhead:
    """Who mails are from, and the host in their Message-IDs."""

    sender: Address
    host: str

    def mail(self, notification_id: UUID, address: str, rendered: Rendered, now: datetime) -> Mail:
        """The mail to an address as typed. Raises UnusableAddress."""
        recipient = _address(address)
        utf8 = not recipient.username.isascii()
        message = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
        message["From"] = self.sender
        message["To"] = recipient
        message["Subject"] = " ".join(rendered.subject.split())
        message["Date"] = now
        message["Message-ID"] = f"<{notification_id}@{self.host}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers by machines
        message.set_content(rendered.text)
        message.add_alternative(rendered.html, subtype="html")
        content = message.as_bytes(policy=message.policy.clone(cte_type="7bit"))
        return Mail(self.sender.addr_spec, recipient.addr_spec, content, utf8)


def _address(typed: str) -> Address:
    """The local part as typed, the domain as A-labels, which every server understands."""
    try:
        domain = normal(typed).rpartition("@")[2]
    except InvalidEmail as error:
        raise UnusableAddress(str(error)) from None
    local = unicodedata.normalize("NFC", typed.strip(" ")).rpartition("@")[0]
    return Address(username=local, domain=domain)
