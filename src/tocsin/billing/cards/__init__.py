"""Cards as a rail: a provider keeps the card and charges it; what is owed, and when, is decided elsewhere."""

from tocsin.billing.cards.gateway import CardGateway
from tocsin.settings import Settings


def gateway_of(settings: Settings) -> CardGateway | None:
    """The provider that the settings name, None without one: then everything is paid offline.

    The provider's package is loaded here, since it takes half a second and most servers have none.
    """
    if settings.stripe_api_key is None:
        return None
    from tocsin.billing.cards.stripe_gateway import StripeGateway

    return StripeGateway(
        settings.stripe_api_key.get_secret_value(),
        publishable_key=settings.stripe_publishable_key or "",
        webhook_secret=settings.stripe_webhook_secret.get_secret_value() if settings.stripe_webhook_secret else "",
        script_url=settings.stripe_js_url,
        api_base=settings.stripe_api_base,
    )
