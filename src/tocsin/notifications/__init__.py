"""Notifications: when and how a person is told."""
