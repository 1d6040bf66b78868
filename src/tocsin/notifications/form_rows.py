"""The rows of conditions and hours that a sent form holds: columns of equal length, read across."""

from collections.abc import Sequence

from tocsin.accounts.pages_access import Form
from tocsin.notifications.rule_form import ConditionRow, HoursRow


def condition_rows(form: Form) -> Sequence[ConditionRow]:
    """The conditions, blank ones among them."""
    columns = [form.all(name) for name in ("field", "not", "operation", "key", "expected")]
    return [
        ConditionRow(field, negated == "not", operation, key.strip(), expected)
        for field, negated, operation, key, expected in zip(*columns, strict=False)
    ]


def hours_rows(form: Form) -> Sequence[HoursRow]:
    """The hours, blank ones among them."""
    columns = [form.all(name) for name in ("start_day", "start", "end_day", "end")]
    return [HoursRow(*row) for row in zip(*columns, strict=False)]
