"""Stripe on 127.0.0.1, for exactly the calls that Tocsin makes: a real server on a wire, with a bank behind it.

What it holds against the caller as Stripe does: the key, unknown parameters, idempotency keys, states. What a test may
ask of it besides: test cards and declines to come (`store.later`), a 3-D Secure page, failures of the network
(`fail_next`), webhooks once, twice, late and out of order (`deliver`), the network's and the bank's own doings
(`store.replace_card`, `store.dispute`, `store.fail_refund`), and a stand-in for Stripe.js with card fields in a frame
of this server's own origin, so that no card number is ever in our pages.
"""

from tests.support.stripe_fake.server import (
    API_KEY,
    PUBLISHABLE_KEY,
    WEBHOOK_SECRET,
    Request,
    StripeFake,
    stripe_fake,
)

__all__ = ["API_KEY", "PUBLISHABLE_KEY", "WEBHOOK_SECRET", "Request", "StripeFake", "stripe_fake"]
