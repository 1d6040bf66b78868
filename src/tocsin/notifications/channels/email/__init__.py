"""E-mail: over SMTP, in the reader's language and zone, with links to act."""
