"""Outcomes of unsuccessful attempts to send a mail. Each has a reason, a stable kebab-case code."""


class AttemptEnded(Exception):
    """Base of the outcomes; `reason` is recorded and shown to operators."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RetryLater(AttemptEnded):
    """Nothing was sent, and a later attempt may succeed."""


class Undeliverable(AttemptEnded):
    """Nothing was sent, and no later attempt can succeed."""


class SecretUnavailable(AttemptEnded):
    """The secret that the mail must contain was used, replaced or revoked."""


class OutcomeUnknown(AttemptEnded):
    """The connection ended while the mail was transferred: the server may have accepted it or not."""
