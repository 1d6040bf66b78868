from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from tocsin.accounts.sign_in import totp

AT = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: 12345678901234567890


@pytest.mark.parametrize(("second", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    at = datetime.fromtimestamp(second, UTC)

    assert totp.matching_step(RFC_SECRET, code, at) == second // 30


@pytest.mark.parametrize(("away", "fits"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_differ_by_one_step(away: int, fits: bool) -> None:
    secret = totp.new_secret()
    code = pyotp.TOTP(secret).at(AT + timedelta(seconds=away))

    assert (totp.matching_step(secret, f"{code[:3]} {code[3:]}", AT) is not None) is fits


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34"])
def test_what_is_no_code_fits_nothing(code: str) -> None:
    assert totp.matching_step(totp.new_secret(), code, AT) is None


def test_recovery_codes_differ_and_may_be_typed_carelessly() -> None:
    codes = totp.new_recovery_codes()

    assert len(set(codes)) == 10
    assert totp.recovery_hash(f" {codes[0].upper().replace('-', ' ')} ") == totp.recovery_hash(codes[0])
    assert totp.recovery_hash(codes[0]) != totp.recovery_hash(codes[1])
