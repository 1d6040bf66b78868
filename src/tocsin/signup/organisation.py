"""Which organisation somebody signs up for, so that each has one trial. Pure.

Source: licensing requirements R2.1 (one trial per legal entity or domain)
"""

import hashlib

# Providers whose addresses say nothing about an organisation: there an address stands for itself.
PROVIDERS = frozenset(
    {
        "aol.com", "duck.com", "fastmail.com", "fastmail.fm", "free.fr", "gmail.com", "gmx.at", "gmx.ch", "gmx.com",
        "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.fr", "icloud.com",
        "interia.pl", "laposte.net", "libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com",
        "o2.pl", "onet.eu", "onet.pl", "op.pl", "orange.fr", "outlook.com", "outlook.de", "pm.me", "posteo.de",
        "proton.me", "protonmail.com", "qq.com", "seznam.cz", "t-online.de", "tuta.com", "tutanota.com", "vp.pl",
        "web.de", "wp.pl", "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.fr", "yandex.com", "yandex.ru", "zoho.com",
    }
)  # fmt: skip


def organisation_of(email: str) -> str:
    """The mail domain, or the whole address at a public provider; "+tags" and dots of the name do not make another."""
    name, _, domain = email.strip().lower().rpartition("@")
    domain = domain.removeprefix("www.").rstrip(".")
    if domain not in PROVIDERS:
        return domain
    plain = name.partition("+")[0]
    return f"{plain.replace('.', '') if domain in {'gmail.com', 'googlemail.com'} else plain}@{domain}"


def organisation_hash(email: str) -> bytes:
    """What is kept of it: SHA-256 of the organisation, so that no address stays when an account is erased."""
    return hashlib.sha256(f"trial:{organisation_of(email)}".encode()).digest()
