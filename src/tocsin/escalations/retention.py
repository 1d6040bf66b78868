"""How long closed alerts are kept: hidden past what the plan shows, removed a month later and never without a notice.

Source: licensing requirements R3.3, CHOICE-25, S43
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from tocsin import i18n
from tocsin.billing import letters_store
from tocsin.db import Db, Tx
from tocsin.escalations import retention_store as store
from tocsin.escalations.retention_store import Retention
from tocsin.i18n import Translator
from tocsin.licensing import pricebook_service
from tocsin.licensing.entitlements import Entitlements
from tocsin.mail import outbox
from tocsin.mail.letter import Letter, written

DAILY = timedelta(days=1)
BITE = 1_000  # alerts in one transaction
FEATURE = "retention"


async def review(tx: Tx, account_id: int, have: Entitlements, at: datetime) -> None:
    """The plan may have changed: where it reaches less far, owners are told what is hidden and when it goes."""
    reach, known = have.reach(FEATURE), await store.find(tx, account_id)
    if reach is None:
        if known is not None:
            await store.forget(tx, account_id)
        return
    if known is not None and reach >= known.reach:
        if reach > known.reach:
            await store.save(tx, replace(known, reach=reach), at + DAILY)
        return
    notice = timedelta(days=(await pricebook_service.current(tx)).thresholds.hidden_days)
    made = Retention(account_id, reach, at + notice)
    await store.save(tx, made, made.purge_from)
    hidden = await store.count_hidden(tx, account_id, at - reach)
    if hidden:
        await _tell(tx, made, have.plan_name, hidden, at)


async def _tell(tx: Tx, made: Retention, plan: str, hidden: int, at: datetime) -> None:
    letter_id = uuid4()
    for reader in (await letters_store.readers(tx, [made.account_id])).get(made.account_id, []):
        _ = Translator(reader.locale)
        until = i18n.instant_in_full(reader.locale, reader.zone, made.purge_from)
        days = i18n.duration(reader.locale, made.reach)
        letter = Letter(
            subject=_("Older alerts are hidden"),
            heading=_("Older alerts are hidden"),
            paragraphs=(
                _("%(plan)s shows closed alerts of the last %(days)s. Older ones are hidden: %(count)s.",
                  plan=plan, days=days, count=i18n.number(reader.locale, hidden)),
                _("From %(until)s on they are removed for good. With a larger plan before that they are all back.",
                  until=until),
            ),
        )  # fmt: skip
        text, html = written(letter, locale=reader.locale, zone=reader.zone, at=at)
        await outbox.enqueue(
            tx, made.account_id, "retention", reader.address, letter.subject, text, html, at, letter_id=letter_id
        )


async def advance_due(db: Db, now: datetime) -> int:
    """Remove a bite of what is past its time, of one account; how many accounts were looked at (0 or 1)."""
    async with db.transaction() as tx:
        claimed = await store.claim_due(tx, now, now + DAILY)
        if claimed is None:
            return 0
        if now < claimed.purge_from:
            await store.save(tx, claimed, claimed.purge_from)
            return 1
        hidden = timedelta(days=(await pricebook_service.current(tx)).thresholds.hidden_days)
        removed = await store.remove_closed(tx, claimed.account_id, now - claimed.reach - hidden, BITE)
        if removed == BITE:
            await store.save(tx, claimed, now)
    return 1
