"""Lint: what of an account's on-call configuration would let somebody down, before it does."""
