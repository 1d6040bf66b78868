"""Routing rules that never take an alert, or send it nowhere. Pure.

Only what is sure is said: conditions that no alert can answer together, and rules before that take all that this one
could.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tocsin.alerts.criteria import Condition, Criteria, CriteriaType, Field, Operation, holds
from tocsin.alerts.facts import AlertContent
from tocsin.alerts.fields import PRIORITIES
from tocsin.escalations.directory import Directory, Team
from tocsin.escalations.routing import RoutingRule, TargetKind, in_order
from tocsin.on_call.lint.findings import Code, Finding, ObjectType, Severity


def findings(directory: Directory) -> Iterator[Finding]:
    """Of every team's routing rules."""
    for team in directory.teams.values():
        tried: list[RoutingRule] = []
        for rule in in_order(team.routing_rules):
            if not rule.is_default:
                yield from _never(team, rule, tried)
            yield from _nowhere(team, rule, directory)
            tried.append(rule)


def _never(team: Team, rule: RoutingRule, tried: Sequence[RoutingRule]) -> Iterator[Finding]:
    against = contradiction(rule.criteria)
    before = next((it for it in tried if covers(it, rule)), None)
    if against:
        yield _finding(Code.RULE_NEVER_MATCHES, Severity.ERROR, team, rule, why="contradiction", fields=against)
    elif before is not None:
        yield _finding(Code.RULE_NEVER_MATCHES, Severity.ERROR, team, rule, why="before", before=before.name)


def _nowhere(team: Team, rule: RoutingRule, directory: Directory) -> Iterator[Finding]:
    there = directory.schedules if rule.target_kind is TargetKind.SCHEDULE else directory.escalations
    if rule.target_kind is TargetKind.NONE:
        severity = Severity.WARNING if rule.is_default else Severity.HINT
        yield _finding(Code.ROUTED_TO_NOBODY, severity, team, rule)
    elif rule.target_id is None or rule.target_id not in there:
        yield _finding(
            Code.ROUTED_TO_NOTHING, Severity.ERROR, team, rule, kind=rule.target_kind.value, reason="deleted"
        )
    elif rule.target_kind is TargetKind.ESCALATION and rule.target_id in directory.inactive:
        yield _finding(Code.ROUTED_TO_NOTHING, Severity.ERROR, team, rule, kind=rule.target_kind, reason="plan")


def _finding(code: Code, severity: Severity, team: Team, rule: RoutingRule, **facts: object) -> Finding:
    about = {"team": team.id, "team_name": team.name, "default": rule.is_default, **facts}
    return Finding(code, severity, ObjectType.ROUTING_RULE, rule.id, rule.name, about)


def covers(earlier: RoutingRule, later: RoutingRule) -> bool:
    """Does the earlier rule surely take whatever the later one could?"""
    return _covers_criteria(earlier.criteria, later.criteria) and _covers_hours(earlier, later)


def _covers_criteria(earlier: Criteria, later: Criteria) -> bool:
    if earlier.type is CriteriaType.MATCH_ALL:
        return True
    if earlier.type is not later.type:
        return False
    asked, also = {*earlier.conditions}, {*later.conditions}
    return asked <= also if earlier.type is CriteriaType.MATCH_EACH else also <= asked


def _covers_hours(earlier: RoutingRule, later: RoutingRule) -> bool:
    if earlier.restriction is None or earlier.restriction.always:
        return True
    if later.restriction is None or earlier.zone.key != later.zone.key:
        return False
    same_kind = earlier.restriction.kind is later.restriction.kind
    return same_kind and {*later.restriction.windows} <= {*earlier.restriction.windows}


def contradiction(criteria: Criteria) -> tuple[Field, ...]:
    """The fields of which no alert can answer what is asked; none where an alert may."""
    match criteria.type:
        case CriteriaType.MATCH_EACH:
            return _impossible(criteria.conditions)
        case CriteriaType.MATCH_ANY:
            alone = [_impossible([condition]) for condition in criteria.conditions]
            return tuple(dict.fromkeys(it for found in alone for it in found)) if all(alone) else ()
        case CriteriaType.MATCH_ALL:
            return ()


def _impossible(conditions: Sequence[Condition]) -> tuple[Field, ...]:
    groups: dict[tuple[Field, str], list[Condition]] = {}
    for condition in conditions:
        groups.setdefault((condition.field, condition.key), []).append(condition)
    return tuple(dict.fromkeys(field for (field, _), group in groups.items() if _contradict(group)))


def _contradict(group: Sequence[Condition]) -> bool:
    """Can no alert answer these conditions, all of one field (and key), as they want it?"""
    if any(replace(condition, negated=not condition.negated) in group for condition in group):
        return True
    if group[0].field is Field.PRIORITY:
        possible = (AlertContent(priority=number) for number in PRIORITIES.values())
        return not any(_all_hold(group, content) for content in possible)
    fixed = (_only_content(condition) for condition in group if not condition.negated)
    return any(content is not None and not _all_hold(group, content) for content in fixed)


def _all_hold(group: Sequence[Condition], content: AlertContent) -> bool:
    return all(holds(condition, content) for condition in group)


def _only_content(condition: Condition) -> AlertContent | None:
    """The only content of its field that a condition accepts; None where there may be several."""
    if condition.operation is Operation.IS_EMPTY:
        return AlertContent()
    if condition.operation is not Operation.EQUALS:
        return None
    text = condition.expected
    match condition.field:
        case Field.MESSAGE:
            return AlertContent(message=text)
        case Field.ALIAS:
            return AlertContent(alias=text)
        case Field.DESCRIPTION:
            return AlertContent(description=text)
        case Field.SOURCE:
            return AlertContent(source=text)
        case Field.ENTITY:
            return AlertContent(entity=text)
        case Field.EXTRA_PROPERTIES if condition.key:
            return AlertContent(details={condition.key: text})
        case _:
            return None
