"""Alerts: alias, states, log, search, attachments."""
