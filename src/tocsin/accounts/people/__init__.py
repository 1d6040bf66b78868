"""People: users, invitations, roles, contacts, operators."""
