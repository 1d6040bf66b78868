"""Webhook: a signed POST to an address of the person's choice."""
