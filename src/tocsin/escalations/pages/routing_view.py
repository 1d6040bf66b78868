"""A team's routing rules as its page shows them: in the order in which they are tried, each in words and as a form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from tocsin.alerts import criteria
from tocsin.escalations import rule_words
from tocsin.escalations.directory import Directory
from tocsin.escalations.routing import RoutingRule, TargetKind
from tocsin.escalations.routing_store import RoutingRow
from tocsin.i18n import N_, Translator
from tocsin.notifications import rule_form
from tocsin.schedules import restrictions

NOBODY = "none:"


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as the page shows it: in words, and as its form holds it."""

    id: str
    base: str
    name: str
    text: str
    is_default: bool
    resting: bool  # over the plan
    may_rise: bool
    may_sink: bool
    match: str
    conditions: Sequence[rule_form.ConditionRow]
    hours: Sequence[rule_form.HoursRow]
    zone: str
    target: str


def rules_of(rows: Sequence[RoutingRow], directory: Directory, account_zone: str, locale: str) -> list[RuleView]:
    """The team's rules in their order, those that rest among them."""
    count = len(rows)
    return [_view(row, place, count, directory, account_zone, locale) for place, row in enumerate(rows)]


def choices(directory: Directory, locale: str) -> dict[str, Any]:
    """What the forms of routing rules offer."""
    _ = Translator(locale)
    kinds = {
        "escalation": {it.id: it.name for it in directory.escalations.values()},
        "schedule": {it.id: it.name for it in directory.schedules.values()},
    }
    targets = [
        (f"{kind}:{ident}", _(text, name=name))
        for kind, text in (("escalation", N_("the escalation %(name)s")), ("schedule", N_("the schedule %(name)s")))
        for ident, name in sorted(kinds[kind].items(), key=lambda it: it[1].casefold())
    ]
    return {
        "targets": [*targets, (NOBODY, _("nobody"))],
        "matches": [(value, _(text)) for value, text in rule_form.MATCHES.items()],
        "condition_fields": [("", "–"), *((value, _(text)) for value, text in rule_form.FIELDS.items())],
        "operations": [(value, _(text)) for value, text in rule_form.OPERATIONS.items()],
        "days": [("", "–"), *((value, _(text)) for value, text in rule_form.DAYS.items())],
        "zones": sorted(available_timezones()),
        "new_route": RuleView(
            "new", "", "", "", False, False, False, False, criteria.CriteriaType.MATCH_EACH.value,
            rule_form.condition_rows(criteria.MATCH_ALL), rule_form.hours_rows(None), "", "",
        ),
    }  # fmt: skip


def _view(row: RoutingRow, place: int, count: int, directory: Directory, account_zone: str, locale: str) -> RuleView:
    asked, hours = criteria.stored(row.criteria), restrictions.from_json(row.restriction)
    rule = RoutingRule(
        id=str(row.id),
        name=row.name,
        position=row.position,
        is_default=row.is_default,
        target_kind=TargetKind(row.notify_type),
        target_id=str(row.notify_id) if row.notify_id else None,
        criteria=asked,
        restriction=hours,
        zone=ZoneInfo(row.time_zone or account_zone),
    )
    return RuleView(
        id=str(row.id),
        base=f"/teams/{row.team_id}/routing-rules/{row.id}",
        name=row.name,
        text=rule_words.routing_in_words(rule, directory, locale, alone=count == 1),
        is_default=row.is_default,
        resting=row.inactive_since is not None,
        may_rise=not row.is_default and place > 0,
        may_sink=not row.is_default and place < count - 2,
        match=asked.type.value,
        conditions=rule_form.condition_rows(asked),
        hours=rule_form.hours_rows(hours),
        zone=row.time_zone or "",
        target=f"{row.notify_type}:{row.notify_id or ''}",
    )
