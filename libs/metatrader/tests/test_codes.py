"""Return codes as errors that say whether to try again."""

import pytest

from metatrader import errors
from metatrader.codes import CODES, refusal
from metatrader.errors import ProtocolError, Refused, SignInRefused
from metatrader.mt5.answers import Answer
from metatrader.mt5.text import Message


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (8, errors.PermissionDenied),
        (13, errors.NotFound),
        (1001, errors.AuthFailed),
        (1002, errors.AccountDisabled),
        (1008, errors.ServerNotProven),
        (1011, errors.NotAManager),
        (1012, errors.AddressBlocked),
        (1020, errors.AuthFailed),
        (1026, errors.PasswordChangeRequired),
        (1027, errors.ExtendedAuthRequired),
        (12001, errors.WrongServer),
    ],
)
def test_permanent_codes(code: int, kind: type[Refused]) -> None:
    error = refusal(code, "AUTH_ANSWER", "text")
    assert type(error) is kind
    assert error.permanent
    assert (error.code, error.text, error.command) == (code, "text", "AUTH_ANSWER")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(12, errors.TooFrequent), (15, errors.ShuttingDown), (1018, errors.ServerBusy), (9, Refused), (7, Refused)],
)
def test_transient_codes(code: int, kind: type[Refused]) -> None:
    error = refusal(code, "DEAL_GET")
    assert type(error) is kind
    assert not error.permanent


def test_an_unknown_sign_in_code_is_permanent() -> None:
    error = refusal(1099, "AUTH_ANSWER")
    assert isinstance(error, SignInRefused)
    assert (error.permanent, error.name) == (True, "AUTH_1099")


def test_every_code_has_a_name_and_unknown_ones_get_one() -> None:
    assert all(name and issubclass(kind, Refused) for name, kind in CODES.values())
    assert refusal(3099, "USER_GET").name == "USER_3099"
    assert refusal(77777, "USER_GET").name == "CODE_77777"


@pytest.mark.parametrize("retcode", ["0 Done", "0", "1 Nothing to do"])
def test_ok_codes(retcode: str) -> None:
    assert Answer.of_message(Message("TEST", {"RETCODE": retcode})).command == "TEST"


@pytest.mark.parametrize("retcode", ["", "Done", "-1", "1" * 30])
def test_an_answer_without_a_code_is_no_answer(retcode: str) -> None:
    with pytest.raises(ProtocolError, match="return code"):
        Answer.of_message(Message("TEST", {"RETCODE": retcode}))
    with pytest.raises(ProtocolError, match="return code"):
        Answer.of_envelope("TEST", {"answer": {}})


@pytest.mark.parametrize("envelope", [None, [], "text", 5])
def test_an_envelope_is_an_object(envelope: object) -> None:
    with pytest.raises(ProtocolError, match="object"):
        Answer.of_envelope("TEST", envelope)


@pytest.mark.parametrize("total", ["", "-1", "x", "9" * 12, "1.5", None])
def test_a_total_is_a_number(total: str | None) -> None:
    params = {"RETCODE": "0 Done"} | ({} if total is None else {"TOTAL": total})
    with pytest.raises(ProtocolError, match="TOTAL"):
        Answer.of_message(Message("DEAL_GET_TOTAL", params)).count()
