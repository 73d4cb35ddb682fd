"""A rendered mail as the SMTP server gets it: headers that no name can break, text and HTML, in 7-bit encoding."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from uuid import UUID

from contracts.email import InvalidEmail, normal
from notifications.mails.service import RenderedMail
from notifications.outcomes import Undeliverable


@dataclass(frozen=True, repr=False)
class Message:
    """`utf8`: the recipient's local part is not ASCII, so the server must support SMTPUTF8 (RFC 6531)."""

    sender: str
    recipient: str
    content: bytes
    utf8: bool


@dataclass(frozen=True)
class MessageBuilder:
    """`sender` is the address that mails are from, `host` the host in their Message-IDs."""

    sender: Address
    host: str

    def build(self, notification_id: UUID, mail: RenderedMail, now: datetime) -> Message:
        """The message for a mail. Raises Undeliverable where no mail can go to its address."""
        recipient = _address(mail.address)
        utf8 = not recipient.username.isascii()
        message = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
        message["From"] = self.sender
        message["To"] = recipient
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = now
        message["Message-ID"] = f"<{notification_id}@{self.host}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: automatic responders do not answer
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        content = message.as_bytes(policy=message.policy.clone(cte_type="7bit"))
        return Message(self.sender.addr_spec, recipient.addr_spec, content, utf8)


def _address(typed: str) -> Address:
    """The local part as typed, and the domain as A-labels, which every server understands."""
    try:
        domain = normal(typed).rpartition("@")[2]
    except InvalidEmail:
        raise Undeliverable("unusable-address") from None
    local = unicodedata.normalize("NFC", typed.strip(" ")).rpartition("@")[0]
    return Address(username=local, domain=domain)
