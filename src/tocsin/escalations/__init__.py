"""Escalations: who is told next."""
