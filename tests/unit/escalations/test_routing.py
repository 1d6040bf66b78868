from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.unit.escalations.makers import START, make_directory, make_route, make_team, recipient

from tocsin.alerts.criteria import from_json
from tocsin.alerts.facts import UNREAD, AlertContent, Responder
from tocsin.escalations.resolve import resolve_responders
from tocsin.escalations.routing import RoutedNowhere, RoutedTo, RoutingRule, Unrouted, route
from tocsin.schedules import restrictions

DEFAULT = make_route("escalation:night", position=0)
P1 = from_json(
    {
        "type": "match-all-conditions",
        "conditions": [{"field": "priority", "operation": "equals", "expectedValue": "P1"}],
    }
)
EVENING = restrictions.from_json(
    {"type": "time-of-day", "restriction": {"startHour": 20, "startMin": 0, "endHour": 8, "endMin": 0}}
)


def urgent(**changes: object) -> RoutingRule:
    """P1 alerts go to the schedule."""
    rule = make_route("schedule:main", position=1, is_default=False)
    return replace(rule, criteria=P1, **changes)  # type: ignore[arg-type]  # the caller names fields of RoutingRule


def test_the_first_rule_in_order_decides() -> None:
    second, first = make_route("schedule:b", position=2, is_default=False), make_route("schedule:a", is_default=False)

    assert route([second, first], UNREAD, START) == RoutedTo(first, recipient("schedule:a"))


def test_the_default_rule_comes_last_whatever_its_position() -> None:
    default, other = make_route("none", position=0), make_route("escalation:e", position=7, is_default=False)

    assert route([default, other], UNREAD, START) == RoutedTo(other, recipient("escalation:e"))
    assert route([default], UNREAD, START) == RoutedNowhere(default)


def test_a_team_without_rules_is_unrouted() -> None:
    assert route([], UNREAD, START) == Unrouted()


def test_a_rule_takes_the_alerts_that_match_and_leaves_the_rest_to_the_next() -> None:
    rules = [DEFAULT, urgent()]

    assert route(rules, AlertContent(priority=1), START) == RoutedTo(urgent(), recipient("schedule:main"))
    assert route(rules, AlertContent(priority=2), START) == RoutedTo(DEFAULT, recipient("escalation:night"))


def test_a_rule_that_matches_nothing_leaves_a_team_without_default_unrouted() -> None:
    assert route([urgent()], AlertContent(priority=2), START) == Unrouted()


@pytest.mark.parametrize(
    ("hour", "zone", "is_taken"),
    [
        (18, "UTC", False),
        (20, "UTC", True),
        (7, "UTC", True),
        (8, "UTC", False),
        (18, "Asia/Kolkata", True),  # 23:30 there
        (14, "Asia/Kolkata", False),  # 19:30
        (23, "America/New_York", False),  # 19:00
    ],
)
def test_a_rule_holds_while_its_hours_are_open_on_its_own_clock(hour: int, zone: str, is_taken: bool) -> None:
    rule = urgent(restriction=EVENING, zone=ZoneInfo(zone))

    routed = route([DEFAULT, rule], AlertContent(priority=1), datetime(2026, 1, 12, hour, tzinfo=UTC))

    assert isinstance(routed, RoutedTo)
    assert routed.rule == (rule if is_taken else DEFAULT)


def test_the_default_rule_asks_for_nothing_and_is_always_open() -> None:
    default = replace(DEFAULT, criteria=P1, restriction=EVENING)

    assert route([default], AlertContent(priority=5), datetime(2026, 1, 12, 12, tzinfo=UTC)) == RoutedTo(
        default, recipient("escalation:night")
    )
    assert not default.reads_content


def test_what_an_alert_says_decides_where_its_team_sends_it() -> None:
    team = replace(make_team("ana", "bo"), routing_rules=(make_route("none"), urgent(target_id="gone")))
    directory = make_directory(team)

    quiet = resolve_responders([recipient("team:ops")], directory, START, AlertContent(priority=3))
    loud = resolve_responders([recipient("team:ops")], directory, START, AlertContent(priority=1))

    assert directory.reads_content
    assert [it.reason.value for it in quiet.nobody] == ["routed-nowhere"]
    assert [it.reason.value for it in loud.nobody] == ["missing"]


def test_responders_of_an_alert_go_by_their_names_of_today() -> None:
    directory = make_directory(make_team("ana", name="ops"))
    content = AlertContent(responders=(Responder("team", "ops"), Responder("user", "bo"), Responder("schedule", "x")))

    names = [it.name for it in directory.named(content).responders]

    assert names == ["Ops", "bo@example.com", ""]
    assert not directory.reads_content
