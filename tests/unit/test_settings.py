"""Settings: what is refused at the start instead of at the first payment."""

import pytest
from pydantic import ValidationError

from tocsin.billing.cards import gateway_of
from tocsin.settings import Settings

SECRET = "sk_test_never_shown"


@pytest.mark.parametrize(
    "address",
    [
        "http://api.stripe.com",
        "ftp://127.0.0.1",
        "api.stripe.com",
        "https://user:password@api.stripe.com",
        "http://10.0.0.1",
    ],
)
@pytest.mark.parametrize("name", ["stripe_api_base", "stripe_js_url"])
def test_stripe_is_reached_by_https_alone_unless_it_is_on_this_machine(name: str, address: str) -> None:
    with pytest.raises(ValidationError, match="must be"):
        Settings.model_validate({name: address})


@pytest.mark.parametrize(
    "address", ["https://api.stripe.com", "http://127.0.0.1:8420", "http://localhost:1", "http://[::1]:1"]
)
def test_a_stand_in_on_this_machine_needs_no_tls(address: str) -> None:
    assert Settings(stripe_api_base=address).stripe_api_base == address


def test_a_key_without_the_publishable_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="beside TOCSIN_STRIPE_API_KEY") as refused:
        Settings.model_validate({"stripe_api_key": SECRET})

    assert refused.value.errors()[0]["loc"] == ("stripe_publishable_key",)
    assert SECRET not in str(refused.value)


def test_without_a_key_there_is_no_gateway() -> None:
    assert gateway_of(Settings(stripe_publishable_key="pk_test_1")) is None


def test_the_keys_do_not_show_when_the_settings_are_printed() -> None:
    settings = Settings.model_validate(
        {"stripe_api_key": SECRET, "stripe_publishable_key": "pk_test_1", "stripe_webhook_secret": "whsec_never_shown"}
    )

    assert "never_shown" not in f"{settings} {settings!r}"
