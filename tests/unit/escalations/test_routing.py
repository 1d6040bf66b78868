from tests.unit.escalations.makers import make_route, recipient

from tocsin.escalations.routing import RoutedNowhere, RoutedTo, Unrouted, route


def test_the_first_rule_in_order_decides() -> None:
    second, first = make_route("schedule:b", position=2, is_default=False), make_route("schedule:a", is_default=False)

    assert route([second, first]) == RoutedTo(first, recipient("schedule:a"))


def test_the_default_rule_comes_last_whatever_its_position() -> None:
    default, other = make_route("none", position=0), make_route("escalation:e", position=7, is_default=False)

    assert route([default, other]) == RoutedTo(other, recipient("escalation:e"))
    assert route([default]) == RoutedNowhere(default)


def test_a_team_without_rules_is_unrouted() -> None:
    assert route([]) == Unrouted()
