"""The normal form of e-mail addresses."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.email import InvalidEmail, normal, spellings


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann.Lee+News@Example.COM ", "ann.lee+news@example.com"),
        ("ann@Bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
        ("ann@bu\u0308cher.example", "ann@xn--bcher-kva.example"),
        ("ann@straße.example", "ann@xn--strae-oqa.example"),
        ("ann@\uff45xample.com", "ann@example.com"),
        ("ann@example。com", "ann@example.com"),
        ("ann@\u0430pple.com", "ann@xn--pple-43d.com"),  # a Cyrillic first letter shows as what it is
        ("E\u0301va@example.com", "éva@example.com"),
        ("!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"),
        ("a" * 242 + "@example.com", "a" * 242 + "@example.com"),
    ],
)
def test_an_address_is_normalized(typed: str, form: str) -> None:
    assert normal(typed) == form
    assert normal(form) == form


@pytest.mark.parametrize(
    ("typed", "fix"),
    [
        ("", "exactly one @"),
        ("ann", "exactly one @"),
        ("ann@lee@example.com", "exactly one @"),
        ("@example.com", "a name before the @"),
        ("ann@", "a domain after the @"),
        ("ann@example", "the whole domain"),
        ("ann@example.com.", "the whole domain"),
        ("ann@127.0.0.1", "the whole domain"),
        ("ann@[127.0.0.1]", "correct the domain"),
        ("ann@exam_ple.com", "correct the domain"),
        ("ann@-example.com", "correct the domain"),
        ("ann@example..com", "correct the domain"),
        ("ann@.example.com", "correct the domain"),
        ("ann@I❤.example", "correct the domain"),
        ("ann@xn--zzzz1.com", "correct the domain"),
        ("ann@" + "a" * 64 + ".com", "correct the domain"),
        ('"ann"@example.com', "without quotes"),
        ("ann..lee@example.com", "without quotes"),
        (".ann@example.com", "without quotes"),
        ("ann.@example.com", "without quotes"),
        ("ann<lee>@example.com", "without quotes"),
        ("ann,lee@example.com", "without quotes"),
        ("ann lee@example.com", "remove spaces"),
        ("ann\u00a0lee@example.com", "remove spaces"),
        ("ann@example.com\r\nBcc: eve@example.com", "remove spaces"),
        ("ann@example.com\n", "remove spaces"),
        ("\tann@example.com", "remove spaces"),
        ("ann\x00@example.com", "remove spaces"),
        ("ann\ud800@example.com", "remove spaces"),
        ("ann\u200b@example.com", "invisible"),
        ("a" * 243 + "@example.com", "at most 254"),
        ("é" * 122 + "@example.com", "at most 254"),
        ("a" * 300 + "@example.com", "at most 254"),
        ("ann@" + "ü." * 10_000_000 + "com", "at most 254"),
    ],
)
def test_an_unusable_address_is_refused_with_a_remedy(typed: str, fix: str) -> None:
    with pytest.raises(InvalidEmail, match=fix):
        normal(typed)


@given(st.text(max_size=40) | st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=20)))
@example("İ@example.com")
@example("ΑΣ.Σ@example.com")
def test_a_normalized_address_is_safe_in_a_header_and_stable(typed: str) -> None:
    try:
        form = normal(typed)
    except InvalidEmail:
        return
    assert normal(form) == form
    assert form == form.lower() == form.strip()
    assert len(form.encode()) <= 254
    assert not set(form) & set('\r\n\0 <>,;:"()[]')
    assert form.partition("@")[2].isascii()
    assert {normal(each) for each in spellings(typed)} == {form}


def test_an_address_is_spelt_as_given_in_letters_and_in_a_labels() -> None:
    in_letters, in_labels = "Ann@Bücher.example", "ann@xn--bcher-kva.example"
    assert spellings(in_letters) == [in_letters, in_labels, "ann@bücher.example"]
    assert spellings(in_labels) == [in_labels, "ann@bücher.example"]
    assert spellings("ann@example.com") == ["ann@example.com"]


@given(st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9+]{1,9}){0,2}", fullmatch=True), st.booleans())
def test_case_and_spaces_around_make_no_difference(local: str, upper: bool) -> None:
    typed = f"{local}@example.com"
    assert normal(f" {typed.upper() if upper else typed} ") == typed
