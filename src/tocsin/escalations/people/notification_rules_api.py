"""How a user is told, by API: notification rules, their steps and their order.

Source: reference, notification rules
"""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from tocsin.accounts import store as accounts_store
from tocsin.accounts.access import ApiContext, api, configuring, of_the_account
from tocsin.accounts.directory import Directory
from tocsin.accounts.model import Contact, Right
from tocsin.alerts import fields
from tocsin.db import Tx
from tocsin.errors import Invalid, NotFound
from tocsin.escalations.people import rules_json, store
from tocsin.escalations.people.payload import PersonRow
from tocsin.escalations.people.users_api import get_person
from tocsin.http import answer, body_object, text_of
from tocsin.notifications import rules_service, rules_store
from tocsin.notifications.plan import ActionType
from tocsin.notifications.rules import Draft, RuleRow, StepRow

router = APIRouter(tags=["Notification rules"])

Reading = Annotated[ApiContext, Depends(api(Right.READ))]
Writing = Annotated[ApiContext, Depends(configuring(Right.WRITE))]
Deleting = Annotated[ApiContext, Depends(configuring(Right.DELETE))]
PATH = "/v2/users/{identifier}/notification-rules"
STEPS = PATH + "/{rule_id}/steps"
MISSING = "Notification rule does not exist"
MISSING_STEP = "Notification rule step does not exist"


@dataclass(frozen=True, slots=True)
class Known:
    """A person's rules with all that is said of them."""

    person: PersonRow
    rules: list[RuleRow]
    steps: list[StepRow]
    contacts: list[Contact]
    directory: Directory

    def rule(self, text: str) -> RuleRow:
        """Raises: NotFound."""
        for it in self.rules:
            if str(it.id) == text_of(text).lower():
                return it
        raise NotFound(MISSING)

    def own(self, rule: RuleRow) -> list[StepRow]:
        """The rule's steps, the earliest first."""
        return [it for it in self.steps if it.rule_id == rule.id]

    def step(self, rule: RuleRow, text: str) -> StepRow:
        """Raises: NotFound."""
        for it in self.own(rule):
            if str(it.id) == text_of(text).lower():
                return it
        raise NotFound(MISSING_STEP)

    def order(self, rule: RuleRow) -> int:
        return rules_service.order_of(self.rules, rule)


async def _known(tx: Tx, ctx: ApiContext, identifier: str) -> Known:
    person = await get_person(tx, ctx, identifier)
    return Known(
        person,
        await rules_store.list_rules(tx, ctx.account_id, person.id),
        await rules_store.list_steps(tx, ctx.account_id, person.id),
        await accounts_store.list_contacts(tx, ctx.account_id, person.id),
        await accounts_store.load_directory(tx, ctx.account_id),
    )


async def _read(ctx: ApiContext, identifier: str) -> Known:
    async with ctx.db.transaction() as tx:
        return await _known(tx, ctx, identifier)


async def _short(ctx: ApiContext, identifier: str, rule_id: UUID) -> dict[str, Any]:
    known = await _read(ctx, identifier)
    rule = known.rule(str(rule_id))
    return rules_json.short(rule, known.order(rule))


@router.post(PATH, status_code=201)
async def post_rule(ctx: Writing, identifier: str) -> Response:
    """A new rule, after the others about the same unless `order` says where."""
    of_the_account(ctx)
    payload = await body_object(ctx.request)
    known = await _read(ctx, identifier)
    kind = rules_json.action_type(payload)
    if kind is None:
        raise fields.empty("actionType")
    fields.required("name", payload.get("name"))
    draft = rules_json.change(payload, known.directory)(Draft("", kind))
    steps = rules_json.steps(payload, kind, known.contacts) or []
    made = await rules_service.add_rule(
        ctx.db, ctx.gate, ctx.actor, known.person.id, draft, steps, rules_json.order(payload)
    )
    return answer(ctx.request, status=201, result="Created", data=await _short(ctx, identifier, made.id))


@router.get(PATH)
async def get_rules(ctx: Reading, identifier: str) -> Response:
    """All of his rules, in their order."""
    known = await _read(ctx, identifier)
    return answer(ctx.request, data=[rules_json.short(it, known.order(it)) for it in known.rules])


@router.post(PATH + "/copy-to")
async def post_copy(ctx: Writing, identifier: str) -> Response:
    """Give his rules to others, in place of theirs about the same."""
    return await _copy(ctx, identifier)


@router.patch(PATH + "/copy-to")
async def patch_copy(ctx: Writing, identifier: str) -> Response:
    """Give his rules to others, in place of theirs about the same."""
    return await _copy(ctx, identifier)


async def _copy(ctx: ApiContext, identifier: str) -> Response:
    of_the_account(ctx)
    payload = await body_object(ctx.request)
    async with ctx.db.transaction() as tx:
        person = await get_person(tx, ctx, identifier)
        to = await _receivers(tx, ctx, payload.get("toUsers"))
    await rules_service.copy_rules(ctx.db, ctx.gate, ctx.actor, person.id, to, _kinds(payload.get("ruleTypes")))
    return answer(ctx.request, result="Copied", data={"id": str(person.id), "name": person.username})


async def _receivers(tx: Tx, ctx: ApiContext, given: object) -> list[UUID]:
    """Who is named by id or username. Raises: Invalid."""
    names = [str(it.get("id") or it.get("username") or "") if isinstance(it, dict) else str(it) for it in _list(given)]
    fields.required("toUsers", [name for name in names if name])
    found = []
    for name in names:
        person = await store.find_person(tx, ctx.account_id, name)
        if person is None:
            raise Invalid(fields.NOT_PROCESSABLE, {"toUsers": f"User does not exist: [{name}]"})
        found.append(person.id)
    return found


def _kinds(given: object) -> frozenset[ActionType]:
    """What kinds of rules are named. Raises: Invalid."""
    names = [str(it).strip().lower() for it in _list(given)]
    fields.required("ruleTypes", names)
    if unknown := [name for name in names if name not in rules_json.KINDS]:
        problem = f"Rule types should be of [{', '.join(rules_json.KINDS)}], not {', '.join(unknown)}."
        raise Invalid(fields.NOT_PROCESSABLE, {"ruleTypes": problem})
    return frozenset().union(*(rules_json.KINDS[name] for name in names))


def _list(given: object) -> list[Any]:
    return given if isinstance(given, list) else [given] if given else []


@router.get(PATH + "/{rule_id}")
async def get_rule(ctx: Reading, identifier: str, rule_id: str) -> Response:
    """One rule with its steps."""
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    data = rules_json.whole(rule, known.order(rule), known.own(rule), known.contacts, known.directory)
    return answer(ctx.request, data=data)


@router.patch(PATH + "/{rule_id}")
async def patch_rule(ctx: Writing, identifier: str, rule_id: str) -> Response:
    """Change a rule; what the body leaves out stays, and steps that it lists take the place of those there are."""
    of_the_account(ctx)
    payload = await body_object(ctx.request)
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    kind = rules_json.action_type(payload) or ActionType(rule.action_type)
    await rules_service.change_rule(
        ctx.db, ctx.gate, ctx.actor, known.person.id, rule.id, rules_json.change(payload, known.directory),
        rules_json.steps(payload, kind, known.contacts), rules_json.order(payload),
    )  # fmt: skip
    return answer(ctx.request, result="Updated", data=await _short(ctx, identifier, rule.id))


@router.delete(PATH + "/{rule_id}")
async def delete_rule(ctx: Deleting, identifier: str, rule_id: str) -> Response:
    """Without that rule."""
    of_the_account(ctx)
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    await rules_service.remove_rule(ctx.db, ctx.gate, ctx.actor, known.person.id, rule.id)
    return answer(ctx.request, result="Deleted", data={"id": str(rule.id), "name": rule.name})


@router.post(PATH + "/{rule_id}/enable")
async def post_enable(ctx: Writing, identifier: str, rule_id: str) -> Response:
    """Switch it on."""
    return await _switch(ctx, identifier, rule_id, enabled=True)


@router.post(PATH + "/{rule_id}/disable")
async def post_disable(ctx: Writing, identifier: str, rule_id: str) -> Response:
    """Switch it off."""
    return await _switch(ctx, identifier, rule_id, enabled=False)


async def _switch(ctx: ApiContext, identifier: str, rule_id: str, *, enabled: bool) -> Response:
    of_the_account(ctx)
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    await rules_service.set_rule_enabled(ctx.db, ctx.actor, known.person.id, rule.id, enabled=enabled)
    return answer(ctx.request, result="Enabled" if enabled else "Disabled", data={"id": str(rule.id)})


@router.post(PATH + "/{rule_id}/change-order")
async def post_order(ctx: Writing, identifier: str, rule_id: str) -> Response:
    """Move it among the rules about the same, to the place `order` from 0."""
    of_the_account(ctx)
    payload = await body_object(ctx.request)
    known = await _read(ctx, identifier)
    rule, order = known.rule(rule_id), rules_json.order(payload)
    if order is None:
        raise fields.empty("order")
    await rules_service.set_order(ctx.db, ctx.actor, known.person.id, rule.id, order)
    return answer(ctx.request, result="Changed order", data=await _short(ctx, identifier, rule.id))


@router.get(STEPS)
async def get_steps(ctx: Reading, identifier: str, rule_id: str) -> Response:
    """The rule's steps, the earliest first."""
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    return answer(ctx.request, data=[rules_json.step_json(rule, it, known.contacts) for it in known.own(rule)])


@router.post(STEPS, status_code=201)
async def post_step(ctx: Writing, identifier: str, rule_id: str) -> Response:
    """One more step."""
    of_the_account(ctx)
    payload = await body_object(ctx.request)
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    wanted = rules_json.step(payload, ActionType(rule.action_type), known.contacts)
    made = await rules_service.add_step(ctx.db, ctx.actor, known.person.id, rule.id, wanted)
    return answer(ctx.request, status=201, result="Created", data={"id": str(made)})


@router.get(STEPS + "/{step_id}")
async def get_step(ctx: Reading, identifier: str, rule_id: str, step_id: str) -> Response:
    """One step."""
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    return answer(ctx.request, data=rules_json.step_json(rule, known.step(rule, step_id), known.contacts))


@router.patch(STEPS + "/{step_id}")
async def patch_step(ctx: Writing, identifier: str, rule_id: str, step_id: str) -> Response:
    """Change a step; what the body leaves out stays."""
    of_the_account(ctx)
    payload = await body_object(ctx.request)
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    step, change = known.step(rule, step_id), rules_json.step_change(payload, known.contacts)
    await rules_service.change_step(ctx.db, ctx.actor, known.person.id, rule.id, step.id, change)
    return answer(ctx.request, result="Updated", data={"id": str(step.id)})


@router.delete(STEPS + "/{step_id}")
async def delete_step(ctx: Deleting, identifier: str, rule_id: str, step_id: str) -> Response:
    """Without that step."""
    of_the_account(ctx)
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    step = known.step(rule, step_id)
    await rules_service.remove_step(ctx.db, ctx.actor, known.person.id, rule.id, step.id)
    return answer(ctx.request, result="Deleted", data={"id": str(step.id)})


@router.post(STEPS + "/{step_id}/enable")
async def post_enable_step(ctx: Writing, identifier: str, rule_id: str, step_id: str) -> Response:
    """Switch a step on."""
    return await _switch_step(ctx, identifier, rule_id, step_id, enabled=True)


@router.post(STEPS + "/{step_id}/disable")
async def post_disable_step(ctx: Writing, identifier: str, rule_id: str, step_id: str) -> Response:
    """Switch a step off."""
    return await _switch_step(ctx, identifier, rule_id, step_id, enabled=False)


async def _switch_step(ctx: ApiContext, identifier: str, rule_id: str, step_id: str, *, enabled: bool) -> Response:
    of_the_account(ctx)
    known = await _read(ctx, identifier)
    rule = known.rule(rule_id)
    step = known.step(rule, step_id)
    await rules_service.set_step_enabled(ctx.db, ctx.actor, known.person.id, rule.id, step.id, enabled=enabled)
    return answer(ctx.request, result="Enabled" if enabled else "Disabled", data={"id": str(step.id)})
