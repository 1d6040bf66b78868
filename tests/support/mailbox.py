"""What a test reads out of mails that were queued: the links in them."""

import re

from tests.support.makers import Tenant

from tocsin.mail import store
from tocsin.mail.store import Mail


async def mails(tenant: Tenant, purpose: str = "") -> list[Mail]:
    """The account's mails, oldest first; with `purpose` those of that kind."""
    async with tenant.app.transaction() as tx:
        found = await store.list_mails(tx, tenant.account_id, 1000)
    return [mail for mail in reversed(found) if purpose in {"", mail.purpose}]


def link_in(mail: Mail, path: str) -> str:
    """The path of the link that begins with `path`, the same in text and HTML."""
    found = re.search(rf"https?://[^/\s]+({re.escape(path)}\S*)", mail.text_body)
    assert found is not None, f"no link to {path} in {mail.text_body}"
    assert found.group(1) in mail.html_body
    return found.group(1)
