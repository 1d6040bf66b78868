"""Criteria in words: "priority is P1 and the list of tags contains “prod”". Pure."""

from collections.abc import Mapping
from functools import reduce

from tocsin.alerts.criteria import Condition, Criteria, CriteriaType, Field, Operation
from tocsin.i18n import N_, Translator

FIELDS: Mapping[Field, str] = {
    Field.MESSAGE: N_("message"),
    Field.ALIAS: N_("alias"),
    Field.DESCRIPTION: N_("description"),
    Field.SOURCE: N_("source"),
    Field.ENTITY: N_("entity"),
    Field.TAGS: N_("the list of tags"),
    Field.ACTIONS: N_("the list of actions"),
    Field.RECIPIENTS: N_("the list of recipients"),
    Field.RESPONDERS: N_("the list of responders"),
    Field.TEAMS: N_("the list of teams"),
    Field.DETAILS: N_("the map of details"),
    Field.EXTRA_PROPERTIES: N_("some extra property"),
    Field.PRIORITY: N_("priority"),
}
OPERATIONS: Mapping[Operation, tuple[str, str]] = {  # and turned round
    Operation.EQUALS: (N_("%(field)s is %(value)s"), N_("%(field)s is not %(value)s")),
    Operation.EQUALS_IGNORE_WHITESPACE: (
        N_("%(field)s is %(value)s, white space aside"),
        N_("%(field)s is not %(value)s, white space aside"),
    ),
    Operation.CONTAINS: (N_("%(field)s contains %(value)s"), N_("%(field)s does not contain %(value)s")),
    Operation.STARTS_WITH: (N_("%(field)s begins with %(value)s"), N_("%(field)s does not begin with %(value)s")),
    Operation.ENDS_WITH: (N_("%(field)s ends with %(value)s"), N_("%(field)s does not end with %(value)s")),
    Operation.MATCHES: (N_("%(field)s matches %(value)s"), N_("%(field)s does not match %(value)s")),
    Operation.IS_EMPTY: (N_("%(field)s is empty"), N_("%(field)s is not empty")),
    Operation.CONTAINS_KEY: (N_("%(field)s has the key %(value)s"), N_("%(field)s has not the key %(value)s")),
    Operation.CONTAINS_VALUE: (N_("%(field)s has the value %(value)s"), N_("%(field)s has not the value %(value)s")),
    Operation.GREATER_THAN: (N_("%(field)s is above %(value)s"), N_("%(field)s is not above %(value)s")),
    Operation.LESS_THAN: (N_("%(field)s is below %(value)s"), N_("%(field)s is not below %(value)s")),
}


def criteria_in_words(criteria: Criteria, locale: str) -> str:
    """What an alert must say; "every alert" where nothing is asked."""
    _ = Translator(locale)
    both = N_("%(one)s or %(other)s") if criteria.type is CriteriaType.MATCH_ANY else N_("%(one)s and %(other)s")
    found = [condition_in_words(condition, locale) for condition in criteria.conditions]
    return reduce(lambda one, other: _(both, one=one, other=other), found) if found else _("every alert")


def condition_in_words(condition: Condition, locale: str) -> str:
    """ "the list of tags contains “prod”"."""
    _ = Translator(locale)
    field = _(FIELDS[condition.field])
    if condition.key:
        field = _("the extra property %(key)s", key=condition.key)
    is_priority = condition.field is Field.PRIORITY
    value = condition.expected if is_priority else _("“%(text)s”", text=condition.expected)
    return _(OPERATIONS[condition.operation][condition.negated], field=field, value=value)
