"""The plan at work: what an account may have, what rests because its plan includes less, and what it would lose.

Nothing is deleted, and nothing of it stops an alert: whoever asks to tell somebody inactive is sent on at once.
Source: licensing requirements M14, M15, R3.3, R3.4, R8.2, R8.5
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from tocsin.accounts.gate import PlanFacts
from tocsin.accounts.people import store as people_store
from tocsin.accounts.rate_limits import Limits, RequestLimit
from tocsin.billing import letters, seats_service
from tocsin.db import Tx
from tocsin.errors import PlanRequired
from tocsin.escalations import config_store, plan_limits_store, retention, retention_store, snapshot_store
from tocsin.i18n import N_
from tocsin.licensing import differences, kept_store, pricebook_service, terms_store
from tocsin.licensing.differences import Difference
from tocsin.licensing.entitlements import Entitlements, entitlements, everything, plans_with
from tocsin.licensing.features import FEATURES, FeatureValue, gate
from tocsin.licensing.limits import Candidate, fit
from tocsin.licensing.model import Interval, Standing
from tocsin.licensing.pricebook import Plan
from tocsin.notifications import rules_store
from tocsin.schedules import store as schedules_store
from tocsin.schedules.on_call import shifts
from tocsin.schedules.rotation import ParticipantKind

SOON = timedelta(days=7)
SOON_ON_CALL = 2  # between admins and the others
ONE_PER_EVENT = "one_per_event"
PRIORITY_AND_TAGS, ANY_FIELD = "priority_and_tags", "any_field"
GATED = tuple(
    gate(key)
    for key in (
        "schedules",
        "escalations",
        "routing_rules",
        "routing_conditions",
        "notification_rules",
        "integrations",
        "configuration_api",
        "custom_roles",
        "audit_history",
        "retention",
    )
)
PEOPLE = {"responder": N_("Responders"), "stakeholder": N_("Stakeholders")}
KEPT = {"responder": "user", "schedules": "schedule", "escalations": "escalation"}

NOT_INCLUDED = N_("%(feature)s: your plan, %(plan)s, does not include this. These do: %(others)s.")
NARROW = N_("%(feature)s: with your plan, %(plan)s, only priority and tags. These have more: %(others)s.")
NO_ROOM = N_("%(feature)s: your plan, %(plan)s, includes %(limit)s, and you have %(count)s. More have: %(others)s.")
NO_SEAT = N_("Every seat of %(limit)s is taken. Buy 1 more under Settings, Subscriptions, or suspend somebody.")
NO_SEAT_FREE = N_("%(plan)s has room for %(limit)s responders. Choose a plan with more seats, or suspend somebody.")
NO_STAKEHOLDERS = N_("Stakeholders: your plan, %(plan)s, does not include them. These do: %(others)s.")
FAIR = N_("An account has room for %(limit)s stakeholders: that is fair use. Write to us if you need more.")
UNPAID = N_("An invoice has long been unpaid: alerts and on-call go on; nothing can be configured until it is paid.")


Saver = Callable[[Tx, int, Sequence[UUID], datetime | None], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Loss:
    """So many of a kind would rest, of so many that are there."""

    kind: str
    count: int
    of: int


class PlanLimits:
    """Answers what the plans of accounts allow (`accounts.gate.Gate`). With `billing` off everybody has everything."""

    def __init__(self, *, billing: bool) -> None:
        self._billing = billing

    async def entitlements(self, tx: Tx, account_id: int, at: datetime) -> Entitlements:
        """What the account may at `at`, by its term and the price book that the term was made with."""
        if not self._billing:
            return everything(await pricebook_service.current(tx))
        term = await terms_store.find_term(tx, account_id, at)
        if term is None:
            return everything(await pricebook_service.current(tx))
        return entitlements(term, await pricebook_service.get(tx, term.book_version), at)

    async def plan(self, tx: Tx, account_id: int, at: datetime) -> PlanFacts:
        """The plan in force at `at`."""
        term = await terms_store.find_term(tx, account_id, at)
        have = await self.entitlements(tx, account_id, at)
        is_yearly = have.standing is Standing.GRANTED or (term is not None and term.interval is Interval.YEAR)
        return PlanFacts(have.plan_name, have.seats_limit, is_yearly)

    async def require(self, tx: Tx, account_id: int, feature: str, at: datetime) -> None:
        """Raises: PlanRequired, naming the plans that have `feature`, where the account's has not."""
        have = await self.entitlements(tx, account_id, at)
        if not have.has(feature):
            raise PlanRequired(NOT_INCLUDED, params=await self._facts(tx, have, feature, True))

    async def require_any_field(self, tx: Tx, account_id: int, at: datetime) -> None:
        """Raises: PlanRequired where routing rules look at priority and tags alone."""
        have = await self.entitlements(tx, account_id, at)
        if have.choice("routing_conditions") != ANY_FIELD:
            raise PlanRequired(NARROW, params=await self._facts(tx, have, "routing_conditions", ANY_FIELD))

    async def require_choice(self, tx: Tx, account_id: int, feature: str, choice: str, at: datetime) -> None:
        """Raises: PlanRequired, naming the plans that have it, where the account's has not that choice of `feature`."""
        have = await self.entitlements(tx, account_id, at)
        choices = list(FEATURES[feature].choices or ())
        if choices.index(have.choice(feature)) < choices.index(choice):
            raise PlanRequired(NOT_INCLUDED, params=await self._facts(tx, have, feature, choice))

    async def require_configurable(self, tx: Tx, account_id: int, at: datetime) -> None:
        """Raises: PlanRequired while the account is restricted."""
        if (await self.entitlements(tx, account_id, at)).restricted:
            raise PlanRequired(UNPAID)

    async def require_room(
        self, tx: Tx, account_id: int, kind: str, at: datetime, group: str = "", *, comes: bool = True
    ) -> None:
        """Raises: PlanRequired where one more of the kind (in the group) would be one too many.

        A responder who `comes` where seats follow people buys one. Raises then: Conflict where nothing can be bought.
        """
        follows = self._billing and kind == "responder" and await seats_service.hold(tx, account_id)
        await plan_limits_store.lock(tx, account_id)
        have = await self.entitlements(tx, account_id, at)
        limit, fair = limit_of(have, kind), False
        if limit is None and kind == "stakeholder" and have.standing is not Standing.GRANTED:
            limit = (await pricebook_service.current(tx)).thresholds.stakeholders_fair_limit
            fair = True
        if limit is None:
            return
        there = [it for it in await _candidates(tx, account_id, kind) if it.group == group and not it.inactive]
        if len(there) < limit or (follows and not comes):
            return
        if follows:
            await seats_service.follow(tx, account_id, len(there) + 1, at)
            return
        if fair:
            raise PlanRequired(FAIR, params={"limit": limit})
        raise await self._no_room(tx, have, kind, limit, len(there))

    async def _no_room(self, tx: Tx, have: Entitlements, kind: str, limit: int, count: int) -> PlanRequired:
        """What is said where `count` of a kind are there already."""
        if kind == "responder":
            text = NO_SEAT_FREE if have.standing is Standing.FREE else NO_SEAT
            return PlanRequired(text, params={"limit": limit, "plan": have.plan_name})
        if kind == "stakeholder":
            book = await pricebook_service.current(tx)
            most = [plan for plan in book.plans.values() if not plan.hidden and plan.stakeholders_limit is None]
            some = [plan for plan in book.plans.values() if not plan.hidden and plan.stakeholders_limit != 0]
            facts: dict[str, object] = {"plan": have.plan_name, "others": _names(most if limit else some)}
            if limit:
                return PlanRequired(NO_ROOM, params={**facts, "feature": PEOPLE[kind], "limit": limit, "count": count})
            return PlanRequired(NO_STAKEHOLDERS, params=facts)
        facts = await self._facts(tx, have, kind, "custom" if kind == "notification_rules" else count + 1)
        return PlanRequired(NO_ROOM, params={**facts, "limit": limit, "count": count})

    async def _facts(self, tx: Tx, have: Entitlements, feature: str, at_least: FeatureValue) -> dict[str, object]:
        plans = list(plans_with(await pricebook_service.current(tx), feature, at_least))
        return {"feature": FEATURES[feature].words, "plan": have.plan_name, "others": _names(plans)}

    async def since(self, tx: Tx, account_id: int, feature: str, at: datetime) -> datetime | None:
        """The earliest instant that `feature`, which reaches back, still shows; None: everything."""
        return (await self.entitlements(tx, account_id, at)).since(feature, at)

    async def request_limits(self, tx: Tx, account_id: int, at: datetime) -> Limits:
        """How many API requests the account may send, by its plan and seats; nothing for one that has everything."""
        have = await self.entitlements(tx, account_id, at)
        if have.standing is Standing.GRANTED:
            return {}
        term = await terms_store.find_term(tx, account_id, at)
        plan = (await pricebook_service.get(tx, term.book_version if term else 1)).plan(have.plan)
        seats = have.seats_limit or 0
        return {
            domain: RequestLimit(bucket.per_minute(seats), bucket.per_second(seats))
            for domain, bucket in plan.buckets.items()
        }

    async def settle(self, tx: Tx, account_id: int, at: datetime) -> None:
        """Make inactive what is over the limits at `at`, and active again what fits."""
        follows = self._billing and await seats_service.hold(tx, account_id)
        await plan_limits_store.lock(tx, account_id)
        if follows:
            people = await _candidates(tx, account_id, "responder")
            await seats_service.give_back(tx, account_id, len(people), at)
        have = await self.entitlements(tx, account_id, at)
        for kind, save in SETTLED.items():
            candidates, kept = await _candidates_with(tx, account_id, kind, have), {}
            limit = limit_of(have, kind)
            if limit is not None and limit < len(candidates):
                kept = await kept_store.load_kept(tx, account_id, KEPT[kind]) if kind in KEPT else {}
                candidates = await _ranked(tx, account_id, kind, candidates, at)
            found = fit(candidates, limit, kept)
            if found.rests:
                await save(tx, account_id, found.rests, at)
            if found.wakes:
                await save(tx, account_id, found.wakes, None)
        await retention.review(tx, account_id, have, at)

    async def enrol(self, tx: Tx, at: datetime, limit: int = 500) -> int:
        """Look after what accounts keep that began on a plan that forgets; how many."""
        plans = (await pricebook_service.current(tx)).plans.values()
        forgetful = [plan.key for plan in plans if plan.features["retention"] is not None]
        found = await retention_store.without_retention(tx, forgetful, limit)
        count = 0
        for account_id in found:
            have = await self.entitlements(tx, account_id, at)
            if have.reach("retention") is not None:
                await retention.review(tx, account_id, have, at)
                count += 1
        return count

    async def with_plan(self, tx: Tx, account_id: int, plan: Plan, seats: int | None, at: datetime) -> Entitlements:
        """What the account might with `plan` and so many seats (None: as many as the plan has)."""
        now = await self.entitlements(tx, account_id, at)
        limits = [limit for limit in (seats, plan.seats_limit) if limit is not None]
        return replace(
            now, standing=Standing.FREE if plan.is_free else Standing.ACTIVE, plan=plan.key, plan_name=plan.name,
            features=plan.features, seats_limit=min(limits, default=None), stakeholders_limit=plan.stakeholders_limit,
        )  # fmt: skip

    async def lost_with(
        self, tx: Tx, account_id: int, plan: str, seats: int | None, at: datetime
    ) -> list[letters.Loss]:
        """What the account would lose with another plan, as pages and letters say it. Source: R3.1, R6.1"""
        book = await pricebook_service.current(tx)
        found = book.plan(plan)
        now = await self.entitlements(tx, account_id, at)
        then = await self.with_plan(tx, account_id, found, seats, at)
        rests = await self.losses(tx, account_id, found, seats, at)
        told = [letters.Loss(_words_of(it.kind), it.count, it.of) for it in rests]
        less = differences.features_less(now, then, [key for key in GATED if key not in {it.kind for it in rests}])
        less += differences.telephony_less(differences.telephony(book, now), differences.telephony(book, then))
        told += [letters.Loss(it.text, values=it.values) for it in less]
        if not found.incoming.rentable and (numbers := await plan_limits_store.count_numbers(tx, account_id)):
            told.append(letters.Loss(differences.NUMBERS, numbers, numbers))
        return told

    async def gained_with(
        self, tx: Tx, account_id: int, plan: str, seats: int | None, at: datetime
    ) -> list[Difference]:
        """What the account would gain with another plan. Source: R6.1"""
        book = await pricebook_service.current(tx)
        now = await self.entitlements(tx, account_id, at)
        then = await self.with_plan(tx, account_id, book.plan(plan), seats, at)
        more = differences.features_more(now, then, GATED)
        more += differences.telephony_more(differences.telephony(book, now), differences.telephony(book, then))
        was, becomes = now.stakeholders_limit, then.stakeholders_limit
        if was is not None and (becomes is None or becomes > was):
            more.append(Difference(PEOPLE["stakeholder"], (was, becomes)))
        return more

    async def losses(self, tx: Tx, account_id: int, plan: Plan, seats: int | None, at: datetime) -> list[Loss]:
        """What would rest if the account had `plan` with `seats` seats (None: as many as the plan has)."""
        then = await self.with_plan(tx, account_id, plan, seats, at)
        found = []
        for kind in SETTLED:
            candidates = [replace(it, inactive=False) for it in await _candidates_with(tx, account_id, kind, then)]
            rests = fit(candidates, limit_of(then, kind)).rests
            if rests:
                found.append(Loss(kind, len(rests), len(candidates)))
        return found

    async def stays(self, tx: Tx, account_id: int, kind: str, limit: int, at: datetime) -> frozenset[UUID]:
        """What of a kind would be active with that limit: the owner's choice, then by rank. Source: CHOICE-26"""
        candidates = [replace(it, inactive=False) for it in await _candidates(tx, account_id, kind)]
        kept = await kept_store.load_kept(tx, account_id, KEPT[kind])
        rests = fit(await _ranked(tx, account_id, kind, candidates, at), limit, kept).rests
        return frozenset(it.id for it in candidates) - {*rests}


SETTLED: Mapping[str, Saver] = {
    "responder": people_store.set_inactive,
    "stakeholder": people_store.set_inactive,
    "schedules": schedules_store.set_inactive,
    "escalations": config_store.set_inactive,
    "routing_rules": config_store.set_routing_inactive,
    "notification_rules": rules_store.set_inactive,
}


def _words_of(kind: str) -> str:
    return PEOPLE.get(kind) or FEATURES[kind].words


def limit_of(have: Entitlements, kind: str) -> int | None:
    """How many of a kind may be active, in each group; None: any number."""
    match kind:
        case "responder":
            return have.seats_limit
        case "stakeholder":
            return have.stakeholders_limit
        case "notification_rules":
            return 1 if have.choice(kind) == ONE_PER_EVENT else None
        case _:
            return have.limit(kind)


async def _candidates(tx: Tx, account_id: int, kind: str) -> list[Candidate]:
    if kind in {"responder", "stakeholder"}:
        return await plan_limits_store.list_people(tx, account_id, kind)
    return await plan_limits_store.list_things(tx, account_id, kind)


async def _candidates_with(tx: Tx, account_id: int, kind: str, have: Entitlements) -> list[Candidate]:
    """Those of a kind, barred as the plan has it: a routing rule may ask for a field that it does not look at."""
    found = await _candidates(tx, account_id, kind)
    if have.choice("routing_conditions") == PRIORITY_AND_TAGS:
        return found
    return [replace(it, barred=False) for it in found]


async def _ranked(tx: Tx, account_id: int, kind: str, candidates: list[Candidate], at: datetime) -> list[Candidate]:
    """People who are on call within the next days come before the others, after owners and admins."""
    if kind != "responder":
        return candidates
    soon = await _soon_on_call(tx, account_id, at)
    return [replace(it, rank=min(it.rank, SOON_ON_CALL)) if str(it.id) in soon else it for it in candidates]


async def _soon_on_call(tx: Tx, account_id: int, at: datetime) -> set[str]:
    directory = (await snapshot_store.load(tx, account_id, 0)).directory
    found: set[str] = set()
    for schedule in directory.schedules.values():
        for shift in shifts(schedule, at, at + SOON):
            participant = shift.participant
            if participant.kind is ParticipantKind.USER and participant.id:
                found.add(participant.id)
            team = directory.teams.get(participant.id or "") if participant.kind is ParticipantKind.TEAM else None
            found |= {member.user_id for member in team.members} if team else set()
    return found


def _names(plans: Sequence[Plan]) -> str:
    return " / ".join(plan.name for plan in plans) or "–"
