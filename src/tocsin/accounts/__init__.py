"""Accounts: accounts, users, roles, contacts, teams, API keys, sign-in, audit log, operator."""
