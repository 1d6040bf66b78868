"""What a new account begins with, so that its first alert reaches its owner."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from tocsin.accounts import store
from tocsin.accounts.model import Contact, ContactMethod, Integration, LicenceKind, Role, User, UserStatus, key_hash
from tocsin.db import Tx
from tocsin.escalations.team_defaults import create_team
from tocsin.notifications import rules_store

TEAM_NAME = "Operations"


def new_owner(account_id: int, email: str, full_name: str, time_zone: str, locale: str, at: datetime) -> User:
    """Its first user, whose address counts as confirmed."""
    return User(
        account_id=account_id,
        id=uuid4(),
        username=email,
        full_name=full_name,
        role=Role.OWNER,
        licence_kind=LicenceKind.RESPONDER,
        status=UserStatus.ACTIVE,
        time_zone=time_zone,
        locale=locale,
        created_at=at,
        verified_at=at,
    )


async def furnish(tx: Tx, owner: User, password_hash: str, api_key: str, at: datetime) -> None:
    """Insert the owner, the mail contact with its rule, a team that is on call, and an API integration for it."""
    account_id, rule_id = owner.account_id, uuid4()
    contact = Contact(account_id, uuid4(), owner.id, ContactMethod.EMAIL, owner.username, True, at, at)
    await store.insert_user(tx, owner, password_hash)
    await store.insert_contact(tx, contact)
    await rules_store.insert_rule(
        tx, account_id, rule_id, owner.id, "New alert", action_type="create-alert", position=0
    )
    await rules_store.insert_step(tx, account_id, uuid4(), rule_id, contact.id, after=timedelta(0), position=0)
    team = await create_team(tx, account_id, TEAM_NAME, [(owner.id, "admin")], time_zone=owner.time_zone, at=at)
    await store.insert_integration(tx, _integration(account_id, team.id), key_hash(api_key), api_key[-4:], at)


def _integration(account_id: int, team_id: UUID) -> Integration:
    return Integration(
        account_id=account_id,
        id=uuid4(),
        name="Default API",
        type="API",
        enabled=True,
        allow_read_access=True,
        allow_write_access=True,
        allow_delete_access=True,
        allow_configuration_access=True,
        team_id=None,
        responders=[{"type": "team", "id": str(team_id)}],
    )
