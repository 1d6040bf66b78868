"""The SQL of attachments. Their content is read only to be downloaded."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.db import Tx


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside an alert, without its content. `index_file` names the page to open in a zip."""

    account_id: int
    id: int
    alert_id: str
    name: str
    index_file: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class File:
    """What a download sends."""

    name: str
    content: bytes


ATTACHMENT = "account_id, id, alert_id, name, index_file, created_by, created_at"


async def insert_attachment(
    tx: Tx, account_id: int, alert_id: str, name: str, index_file: str, content: bytes, by: str, at: datetime
) -> int:
    """The id of the new attachment."""
    attachment_id: int = await tx.value(
        """
        insert into alert_attachments (account_id, alert_id, name, index_file, content, created_by, created_at)
        values (%(account_id)s, %(alert_id)s, %(name)s, %(index_file)s, %(content)s, %(by)s, %(at)s)
        returning id
        """,
        account_id=account_id, alert_id=alert_id, name=name, index_file=index_file, content=content, by=by, at=at,
    )  # fmt: skip
    return attachment_id


async def list_attachments(tx: Tx, account_id: int, alert_id: str) -> list[Attachment]:
    """An alert's attachments, oldest first."""
    return await tx.all(
        Attachment,
        f"""
        select {ATTACHMENT} from alert_attachments
         where account_id = %(account_id)s and alert_id = %(alert_id)s order by id
        """,
        account_id=account_id,
        alert_id=alert_id,
    )


async def get_attachment(tx: Tx, account_id: int, alert_id: str, attachment_id: int) -> Attachment:
    """One of an alert's attachments. Raises: NotFound."""
    return await tx.one(
        Attachment,
        f"""
        select {ATTACHMENT} from alert_attachments
         where account_id = %(account_id)s and alert_id = %(alert_id)s and id = %(attachment_id)s
        """,
        account_id=account_id,
        alert_id=alert_id,
        attachment_id=attachment_id,
        missing="Attachment does not exist",
    )


async def get_file(tx: Tx, account_id: int, attachment_id: int) -> File:
    """The content of an attachment. Raises: NotFound."""
    return await tx.one(
        File,
        "select name, content from alert_attachments where account_id = %(account_id)s and id = %(attachment_id)s",
        account_id=account_id,
        attachment_id=attachment_id,
        missing="Attachment does not exist",
    )


async def delete_attachment(tx: Tx, account_id: int, attachment_id: int) -> None:
    await tx.execute(
        "delete from alert_attachments where account_id = %(account_id)s and id = %(attachment_id)s",
        account_id=account_id,
        attachment_id=attachment_id,
    )


async def delete_all_attachments(tx: Tx, account_id: int, alert_id: str) -> None:
    """Remove whatever an alert has."""
    await tx.execute(
        "delete from alert_attachments where account_id = %(account_id)s and alert_id = %(alert_id)s",
        account_id=account_id,
        alert_id=alert_id,
    )
