import asyncio

import pytest

from tocsin.accounts.sign_in.passwords import MAX_LENGTH, MIN_LENGTH, Argon2Passwords, check_new_password
from tocsin.errors import Invalid, Unavailable


def cheap(memory_kib: int = 64, concurrency: int = 1) -> Argon2Passwords:
    return Argon2Passwords(concurrency=concurrency, memory_kib=memory_kib, passes=1)


async def test_only_the_password_itself_is_right() -> None:
    passwords = cheap()
    password_hash = await passwords.hash("zażółć gęślą jaźń")

    assert await passwords.verify(password_hash, "zażółć gęślą jaźń")
    assert not await passwords.verify(password_hash, "zażółć gęślą")
    assert not await passwords.verify(None, "zażółć gęślą jaźń")
    assert not await passwords.verify(None, "nobody's password")
    assert not await passwords.verify("no hash at all", "zażółć gęślą jaźń")


async def test_a_hash_of_other_parameters_is_outdated() -> None:
    password_hash = await cheap().hash("correct horse")

    assert not cheap().is_outdated(password_hash)
    assert cheap(memory_kib=128).is_outdated(password_hash)


async def test_a_flood_is_turned_away_rather_than_queued_for_ever() -> None:
    passwords = cheap(memory_kib=4096)

    outcomes = await asyncio.gather(*(passwords.hash(f"password {n}") for n in range(100)), return_exceptions=True)

    assert sum(isinstance(outcome, str) for outcome in outcomes) == 20
    assert all(isinstance(outcome, str | Unavailable) for outcome in outcomes)
    assert await passwords.hash("after the flood")


@pytest.mark.parametrize(
    ("password", "because"),
    [
        ("x" * (MIN_LENGTH - 1), f"at least {MIN_LENGTH}"),
        ("x" * (MAX_LENGTH + 1), f"at most {MAX_LENGTH}"),
        ("Ana.Nowak@example.com", "your own name"),
        ("ana.nowak.", ""),
    ],
)
def test_a_new_password_is_judged_by_its_length_and_by_not_being_the_name(password: str, because: str) -> None:
    if not because:
        check_new_password(password, "ana.nowak@example.com")
        return
    with pytest.raises(Invalid) as refusal:
        check_new_password(password, "ana.nowak@example.com")
    assert because in refusal.value.errors["password"]
