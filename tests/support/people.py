"""A person who takes part in everything that the Users API shows, and that can be deleted all the same."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from tests.support.makers import START, Tenant, add_user

from tocsin.accounts import store
from tocsin.accounts.model import Contact, ContactMethod, CustomRole
from tocsin.accounts.people import roles_store
from tocsin.db import Databases
from tocsin.notifications.rules_service import tell_of_new_alerts
from tocsin.schedules import store as schedules_store

PAST = datetime(2020, 1, 1, tzinfo=START.tzinfo)


async def add_mia(
    databases: Databases, tenant: Tenant, mark: str, *, team_id: UUID, schedule_id: UUID, escalation_id: UUID
) -> dict[str, str]:
    """Her ids and names for the parts of paths; she is in the team, which the schedule and the escalation name."""
    mia = await add_user(databases, tenant, f"mia-{mark}@example.com")
    at = {"account_id": tenant.account_id, "id": uuid4(), "at": START}
    night = Contact(tenant.account_id, uuid4(), mia.id, ContactMethod.EMAIL, f"night-{mark}@example.com", True, START,
                    START)  # fmt: skip
    role = CustomRole(tenant.account_id, uuid4(), f"role {mark}", "user", [], [], START)
    async with databases.engine.transaction() as tx:
        await store.insert_team_member(tx, tenant.account_id, team_id, mia.id, "user")
        await store.insert_contact(tx, night)
        await roles_store.insert_role(tx, role)
        await tell_of_new_alerts(tx, night)
        await tx.execute(
            """
            insert into rotations (account_id, id, schedule_id, name, kind, length, starts_at, participants, position)
            values (%(account_id)s, %(id)s, %(schedule_id)s, 'weekly', 'weekly', 1, %(at)s, %(people)s, 0)
            """,
            **at, schedule_id=schedule_id, people=Jsonb([{"type": "team", "id": str(team_id)}]),
        )  # fmt: skip
        await tx.execute(
            """
            insert into escalation_rules (account_id, escalation_id, position, condition, notify_type, delay,
                                          recipient_type, recipient_id)
            values (%(account_id)s, %(escalation_id)s, 0, 'if-not-acked', 'default', '0', 'team', %(team_id)s)
            """,
            **at, escalation_id=escalation_id, team_id=team_id,
        )  # fmt: skip
        await tx.execute(
            """
            insert into forwarding_rules (account_id, id, alias, from_user_id, to_user_id, starts_at, ends_at,
                                          created_at)
            values (%(account_id)s, %(id)s, %(alias)s, %(mia)s, %(owner)s, %(past)s, %(past)s + interval '1 day',
                    %(at)s)
            """,
            **at, alias=f"holiday {mark}", mia=mia.id, owner=tenant.owner.id, past=PAST,
        )  # fmt: skip
        rule_id = await tx.value(
            "select id from notification_rules where account_id = %(account_id)s and user_id = %(mia)s",
            account_id=tenant.account_id, mia=mia.id,
        )  # fmt: skip
        step_id = await tx.value(
            "select id from notification_rule_steps where account_id = %(account_id)s and rule_id = %(rule_id)s",
            account_id=tenant.account_id, rule_id=rule_id,
        )  # fmt: skip
        rotation_id = await tx.value(
            "select id from rotations where account_id = %(account_id)s", account_id=tenant.account_id
        )
        await schedules_store.insert_override(
            tx, tenant.account_id, schedule_id, f"override {mark}", mia.id, PAST, PAST + timedelta(days=1), START
        )
    return {
        "rotation": str(rotation_id),
        "mia": str(mia.id),
        "mia name": mia.username,
        "contact": str(night.id),
        "role": str(role.id),
        "role name": role.name.replace(" ", "%20"),
        "rule": str(rule_id),
        "step": str(step_id),
    }
