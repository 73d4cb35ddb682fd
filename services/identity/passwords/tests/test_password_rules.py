"""Which passwords are accepted."""

import pytest

from identity.passwords.domain import PasswordRefused, check_new_password
from identity.passwords.hashing import common_passwords

COMMON = common_passwords()


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short", "at least 8"),
        ("7 chars", "at least 8"),
        ("x" * 129, "at most 128"),
        ("password1", "common"),
        ("PASSWORD1", "common"),
        ("iloveyou", "common"),
        ("ann.smith-2024", "name part"),
        ("my ANN.SMITH", "name part"),
    ],
)
def test_a_weak_password_is_refused_with_what_to_do(password: str, message: str) -> None:
    with pytest.raises(PasswordRefused) as refusal:
        check_new_password(password, "ann.smith@example.com", COMMON, field="password")
    [error] = refusal.value.errors
    assert error.field == "password"
    assert message in error.message


@pytest.mark.parametrize("password", ["8 chars!", "x" * 128, "Übergrößenträger", "joy is in small things"])
def test_a_good_password_is_accepted(password: str) -> None:
    assert check_new_password(password, "jo@example.com", frozenset(), field="password") == password


def test_a_name_part_counts_from_three_letters_on() -> None:
    assert check_new_password("joyful-days", "jo@example.com", frozenset(), field="password")
    with pytest.raises(PasswordRefused):
        check_new_password("joeful-days", "joe@example.com", frozenset(), field="password")


@pytest.mark.parametrize("email", ["andrea+work@example.com", " Andrea@example.com", "ANDREA@example.com"])
def test_the_name_part_is_checked_without_its_tag_and_in_any_case(email: str) -> None:
    with pytest.raises(PasswordRefused):
        check_new_password("andrea-likes-tea", email, frozenset(), field="password")


def test_a_password_is_the_same_from_any_keyboard() -> None:
    composed, decomposed = "Gr\u00f6\u00dfe und Ma\u00df", "Gro\u0308\u00dfe und Ma\u00df"
    assert check_new_password(decomposed, "jo@example.com", frozenset(), field="password") == composed
