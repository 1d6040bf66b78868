"""The pages of accounts: signing in, one's own profile, users, keys, the audit log, the operator, the mailbox."""
