"""Operators: whoever runs the server, a right beside the role in one account."""

from uuid import UUID

from tocsin.accounts import audit, operators_store, store
from tocsin.accounts.audit import Actor
from tocsin.accounts.model import User, UserStatus
from tocsin.db import Db
from tocsin.errors import Conflict, Invalid, NotFound
from tocsin.i18n import N_


async def name(engine: Db, actor: Actor, account_id: int, username: str) -> User:
    """The new operator. Raises: Invalid for nobody, Conflict for an operator."""
    async with engine.transaction() as tx:
        user = await store.find_user_by_username(tx, account_id, username)
        if user is None or user.status is not UserStatus.ACTIVE:
            raise Invalid(
                N_("Something is not right yet."), {"username": N_("Nobody active in that account has this address.")}
            )
        if any(one.user_id == user.id for one in await operators_store.list_operators(tx)):
            raise Conflict(N_("This person is an operator already."))
        await store.insert_operator(tx, account_id, user.id, actor.at)
        await audit.record(tx, actor, "named", "operator", user.id, user.username)
    return user


async def remove(engine: Db, actor: Actor, account_id: int, user_id: UUID) -> None:
    """Raises: NotFound, Conflict for the last one."""
    async with engine.transaction() as tx:
        active = await operators_store.lock_operators(tx)
        if active == [(account_id, user_id)]:
            raise Conflict(N_("The server needs an operator: name somebody else first."))
        if not await operators_store.delete_operator(tx, account_id, user_id):
            raise NotFound(N_("There is no such operator."))
        user = await store.get_user(tx, account_id, user_id)
        await audit.record(tx, actor, "removed", "operator", user_id, user.username)
