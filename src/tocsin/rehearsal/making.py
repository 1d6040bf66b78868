"""Making the account that a scenario describes, with ids that are the same each time."""

from datetime import datetime, timedelta
from uuid import UUID

from tocsin.accounts import store as accounts_store
from tocsin.accounts.directory import Reference
from tocsin.accounts.model import (
    Contact,
    ContactMethod,
    Integration,
    LicenceKind,
    Role,
    User,
    UserStatus,
    key_hash,
)
from tocsin.alerts import criteria
from tocsin.billing import service as billing
from tocsin.billing.model import Buyer
from tocsin.db import Tx
from tocsin.escalations import config_store, forwarding_store, routing_store
from tocsin.escalations.forwarding_store import ForwardingRow
from tocsin.escalations.routing_store import RoutingRow
from tocsin.escalations.team_defaults import create_team
from tocsin.notifications import rules_store
from tocsin.notifications.rules import RuleRow
from tocsin.rehearsal import store
from tocsin.rehearsal.naming import numbered
from tocsin.rehearsal.plans import (
    AccountPlan,
    EscalationPlan,
    ForwardingPlan,
    RotationPlan,
    SchedulePlan,
    TeamPlan,
    UserPlan,
)
from tocsin.schedules import restrictions
from tocsin.schedules import store as schedules_store
from tocsin.schedules.rotation import Participant, ParticipantKind

INTEGRATION = "Default API"
MICROSECOND = timedelta(microseconds=1)


async def make_account(tx: Tx, plan: AccountPlan, at: datetime) -> int:
    """The account with everything in it; its id. Raises: Conflict for a name that is taken."""
    account_id = await accounts_store.insert_account(tx, plan.name, plan.time_zone, plan.locale, at)
    if plan.plan == "free":
        await billing.start_free(tx, account_id, plan.time_zone, plan.currency, at, _buyer(plan))
    elif plan.plan == "trial":
        await billing.start_trial(tx, account_id, plan.time_zone, plan.currency, at, _buyer(plan))
    making = _Making(tx, account_id, at)
    await making.people(plan)
    await making.duties(plan)
    await making.integration(plan.responders)
    return account_id


def _buyer(plan: AccountPlan) -> Buyer:
    """Whom its invoices are for; its owners get them."""
    owners = tuple(user.username for user in plan.users if user.role is Role.OWNER)
    return Buyer(plan.name, ("1 Rehearsal Street",), "00-001", "Rehearsal", plan.country, plan.vat_id, emails=owners)


class _Making:
    """One account under way; `ids` knows everything that can be referred to."""

    def __init__(self, tx: Tx, account_id: int, at: datetime) -> None:
        self._tx = tx
        self._account_id = account_id
        self._at = at
        self._ids: dict[tuple[str, str], UUID] = {}
        self._contacts: dict[str, dict[tuple[ContactMethod, str], UUID]] = {}
        self._make_id = numbered("id")

    def _id(self, kind: str, name: str) -> UUID:
        return self._ids[kind, name]

    async def people(self, plan: AccountPlan) -> None:
        """Users, who forwards to whom, and teams with what they bring."""
        for user in plan.users:
            await self.user(user)
        for number, forwarding in enumerate(plan.forwardings):
            await self.forwarding(forwarding, number)
        for team in plan.teams:
            await self.team(team, plan.time_zone)
        await self.know_what_teams_brought()

    async def duties(self, plan: AccountPlan) -> None:
        """Schedules, escalations, routing and notification rules: named first, for they refer to one another."""
        for schedule in plan.schedules:
            await self.name_schedule(schedule)
        for escalation in plan.escalations:
            await self.name_escalation(escalation)
        for schedule in plan.schedules:
            await self.schedule(schedule)
        for escalation in plan.escalations:
            await self.escalation(escalation)
        for team in plan.teams:
            await self.route(team)
        for user in plan.users:
            await self.rules(user)

    async def user(self, plan: UserPlan) -> None:
        user_id = self._ids["user", plan.username] = self._make_id()
        user = User(
            account_id=self._account_id,
            id=user_id,
            username=plan.username,
            full_name=plan.full_name,
            role=plan.role,
            licence_kind=LicenceKind.STAKEHOLDER if plan.role is Role.STAKEHOLDER else LicenceKind.RESPONDER,
            status=UserStatus.ACTIVE,
            time_zone=plan.time_zone,
            locale=plan.locale,
            created_at=self._at,
            verified_at=self._at,
        )
        await accounts_store.insert_user(self._tx, user, None)
        if plan.blocked:
            await store.block_user(self._tx, self._account_id, user_id)
        if plan.muted_until is not None or plan.quiet_hours is not None:
            quiet = restrictions.as_json(plan.quiet_hours)
            await store.set_silence(self._tx, self._account_id, user_id, plan.muted_until, quiet)
        contacts = self._contacts.setdefault(plan.username, {})
        for number, it in enumerate(plan.contacts):
            contact_id = contacts[it.method, it.to] = self._make_id()
            created_at = self._at + number * MICROSECOND
            contact = Contact(self._account_id, contact_id, user_id, it.method, it.to, it.enabled, self._at, created_at)
            await accounts_store.insert_contact(self._tx, contact)

    async def forwarding(self, plan: ForwardingPlan, number: int) -> None:
        await forwarding_store.insert(
            self._tx,
            ForwardingRow(
                self._account_id, self._make_id(), plan.alias, self._id("user", plan.from_user),
                self._id("user", plan.to_user), plan.starts_at, plan.ends_at, self._at + number * MICROSECOND,
            ),
        )  # fmt: skip

    async def rules(self, plan: UserPlan) -> None:
        """How the person is told; made last, for a rule may name schedules."""
        user_id, contacts = self._id("user", plan.username), self._contacts[plan.username]
        for position, rule in enumerate(plan.rules):
            rule_id = self._make_id()
            await rules_store.insert(
                self._tx,
                RuleRow(
                    account_id=self._account_id,
                    id=rule_id,
                    user_id=user_id,
                    name=rule.name,
                    action_type=rule.action_type,
                    position=position,
                    enabled=rule.enabled,
                    criteria=criteria.as_json(rule.criteria),
                    restriction=restrictions.as_json(rule.restriction),
                    times=[it.value for it in rule.times],
                    schedule_ids=[self._id("schedule", name) for name in rule.schedules],
                    repeat_after=rule.repeat_after,
                    repeat_enabled=rule.repeat_after is not None,
                ),
            )
            for number, step in enumerate(rule.steps):
                step_id, contact_id = self._make_id(), contacts[step.method, step.to]
                await rules_store.insert_step(
                    self._tx, self._account_id, step_id, rule_id, contact_id, after=step.after, position=number
                )
                if not step.enabled:
                    await rules_store.set_step_enabled(self._tx, self._account_id, step_id, enabled=False)

    async def team(self, plan: TeamPlan, time_zone: str) -> None:
        """With the product's own defaults."""
        members = [(self._id("user", username), role) for username, role in plan.members]
        made = await create_team(
            self._tx, self._account_id, plan.name, members, time_zone=time_zone, at=self._at, make_id=self._make_id
        )
        self._ids["team", plan.name] = made.id

    async def know_what_teams_brought(self) -> None:
        """Their schedules and escalations, by name."""
        for schedule in await schedules_store.list_schedules(self._tx, self._account_id):
            self._ids["schedule", schedule.name] = schedule.id
        for escalation in await config_store.list_escalations(self._tx, self._account_id):
            self._ids["escalation", escalation.name] = escalation.id

    async def name_schedule(self, plan: SchedulePlan) -> None:
        """Make it, empty, unless a team brought it: others may refer to it before it is filled."""
        if ("schedule", plan.name) not in self._ids:
            schedule_id = self._ids["schedule", plan.name] = self._make_id()
            await schedules_store.insert_schedule(
                self._tx, self._account_id, schedule_id, plan.name, time_zone=plan.time_zone, team_id=None, at=self._at
            )

    async def name_escalation(self, plan: EscalationPlan) -> None:
        if ("escalation", plan.name) not in self._ids:
            escalation_id = self._ids["escalation", plan.name] = self._make_id()
            await config_store.insert_escalation(
                self._tx, self._account_id, escalation_id, plan.name, team_id=None, at=self._at
            )

    async def schedule(self, plan: SchedulePlan) -> None:
        schedule_id = self._id("schedule", plan.name)
        team_id = self._id("team", plan.team) if plan.team else None
        await store.set_schedule(
            self._tx, self._account_id, schedule_id, time_zone=plan.time_zone, enabled=plan.enabled, team_id=team_id
        )
        rotations = {}
        for position, rotation in enumerate(plan.rotations):
            rotations[rotation.name] = await self._rotation(schedule_id, rotation, position)
        for number, override in enumerate(plan.overrides):
            await schedules_store.insert_override(
                self._tx,
                self._account_id,
                schedule_id,
                override.alias,
                self._id("user", override.username) if override.username else None,
                override.starts_at,
                override.ends_at,
                self._at + number * MICROSECOND,
                [rotations[name] for name in override.rotations],
            )

    async def _rotation(self, schedule_id: UUID, plan: RotationPlan, position: int) -> UUID:
        rotation_id = self._make_id()
        await schedules_store.insert_rotation(
            self._tx,
            self._account_id,
            schedule_id,
            rotation_id,
            plan.name,
            position=position,
            kind=plan.kind,
            length=plan.length,
            starts_at=plan.starts_at,
            ends_at=plan.ends_at,
            participants=[self._participant(it) for it in plan.participants],
            restriction=plan.restriction,
        )
        return rotation_id

    def _participant(self, reference: Reference) -> Participant:
        kind = ParticipantKind(reference.type)
        return Participant(kind, None if kind is ParticipantKind.NONE else str(self._id(kind, reference.name)))

    async def escalation(self, plan: EscalationPlan) -> None:
        escalation_id = self._id("escalation", plan.name)
        await config_store.delete_rules(self._tx, self._account_id, escalation_id)
        await store.set_escalation(
            self._tx,
            self._account_id,
            escalation_id,
            team_id=self._id("team", plan.team) if plan.team else None,
            wait=plan.repeat.wait,
            count=plan.repeat.count,
            resets=plan.repeat.reset_recipient_states,
            closes=plan.repeat.close_alert_after_all,
        )
        for position, rule in enumerate(plan.rules):
            await config_store.insert_escalation_rule(
                self._tx,
                self._account_id,
                escalation_id,
                position=position,
                condition=rule.condition,
                notify_type=rule.notify_type,
                delay=rule.delay,
                recipient_type=rule.recipient.type,
                recipient_id=self._id(rule.recipient.type, rule.recipient.name),
            )

    async def route(self, plan: TeamPlan) -> None:
        team_id = self._id("team", plan.name)
        for position, route in enumerate(it for it in plan.routes if not it.is_default):
            await routing_store.insert(
                self._tx,
                RoutingRow(
                    account_id=self._account_id,
                    id=self._make_id(),
                    team_id=team_id,
                    name=route.name,
                    position=position,
                    is_default=False,
                    notify_type=route.target.type,
                    notify_id=self._target(route.target),
                    criteria=criteria.as_json(route.criteria),
                    time_zone=route.time_zone,
                    restriction=restrictions.as_json(route.restriction),
                ),
            )
        for route in plan.routes:
            if route.is_default:
                await store.set_default_route(
                    self._tx, self._account_id, team_id, notify_type=route.target.type,
                    notify_id=self._target(route.target),
                )  # fmt: skip

    def _target(self, target: Reference) -> UUID | None:
        return None if target.type == "none" else self._id(target.type, target.name)

    async def integration(self, responders: tuple[Reference, ...]) -> None:
        """The account's API, which its alerts come by. Nobody knows its key."""
        integration_id = self._make_id()
        integration = Integration(
            account_id=self._account_id,
            id=integration_id,
            name=INTEGRATION,
            type="API",
            enabled=True,
            allow_read_access=True,
            allow_write_access=True,
            allow_delete_access=True,
            allow_configuration_access=False,
            team_id=None,
            responders=[{"type": it.type, "id": str(self._id(it.type, it.name))} for it in responders],
        )
        await accounts_store.insert_integration(self._tx, integration, key_hash(str(integration_id)), "", self._at)
