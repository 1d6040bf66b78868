"""Tocsin: alerting and on-call behind Opsgenie's own REST API."""

__version__ = "0.1.0"
