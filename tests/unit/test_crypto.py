from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import crypto
from tocsin.errors import NotFound, Unavailable

KEY = b"a server's secret"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_a_sealed_secret_comes_back_and_does_not_show() -> None:
    sealed = crypto.seal(KEY, "totp", b"JBSWY3DPEHPK3PXP")

    assert b"JBSWY3DP" not in sealed
    assert crypto.unseal(KEY, "totp", sealed) == b"JBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(("key", "purpose"), [(b"another secret", "totp"), (KEY, "webhook")])
def test_another_key_or_purpose_opens_nothing(key: bytes, purpose: str) -> None:
    sealed = crypto.seal(KEY, "totp", b"secret")

    with pytest.raises(Unavailable, match="TOCSIN_SECRET_KEY"):
        crypto.unseal(key, purpose, sealed)


@given(st.text())
def test_any_text_survives_signing(text: str) -> None:
    assert crypto.unsign(KEY, "link", crypto.sign(KEY, "link", text, AT + timedelta(days=1)), AT) == text


@given(st.data())
def test_a_signed_text_that_was_changed_is_refused(data: st.DataObject) -> None:
    signed = crypto.sign(KEY, "link", "7 ack alert", AT + timedelta(days=1))
    place = data.draw(st.integers(0, len(signed) - 1))
    letter = data.draw(st.sampled_from("abcXYZ019-_.=é"))
    changed = signed[:place] + letter + signed[place + 1 :]

    if changed != signed:
        with pytest.raises(NotFound, match="not valid"):
            crypto.unsign(KEY, "link", changed, AT)


@pytest.mark.parametrize("signed", ["", ".", "..", "a.b", "a.b.c", "%.%.%", "a" * 1000])
def test_nonsense_is_not_a_signed_text(signed: str) -> None:
    with pytest.raises(NotFound):
        crypto.unsign(KEY, "link", signed, AT)


def test_a_signature_for_one_purpose_is_none_for_another() -> None:
    with pytest.raises(NotFound):
        crypto.unsign(KEY, "close", crypto.sign(KEY, "acknowledge", "7"), AT)


def test_a_signed_text_ends_at_its_instant() -> None:
    signed = crypto.sign(KEY, "link", "7", AT)

    assert crypto.unsign(KEY, "link", signed, AT - timedelta(seconds=1)) == "7"
    with pytest.raises(NotFound, match="expired"):
        crypto.unsign(KEY, "link", signed, AT)


def test_tokens_are_long_and_differ() -> None:
    tokens = {crypto.new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43
