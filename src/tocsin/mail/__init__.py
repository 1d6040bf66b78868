"""Mail: the SMTP transport that every mail leaves by, and the outbox of mails that are not about an alert."""

from tocsin.mail.smtp import MailError, SmtpTransport, Transport, make_message, parse_smtp_url, transport_of

__all__ = ["MailError", "SmtpTransport", "Transport", "make_message", "parse_smtp_url", "transport_of"]
