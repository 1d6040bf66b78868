"""Schedules: who is on call, and until when."""
