"""Which tests show which licensing requirement, found by their names: `python -m tests.support.requirements` writes the
table of docs/licensing.md anew.

A test is called after what it shows: `test_r6_3_…`, `test_m9_…`, `test_choice_45_…`, `test_s22_…`,
`test_invariant_5_…`; `test_s4_…` is the calendar of dunning, §4, and settled wording S04 is `test_s04_…`. A check that
a state machine makes after each of its steps is no test of its own: `invariant_05_…`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "licensing.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"

STATEMENTS: Mapping[str, str] = {
    "R0.1": "numbers of the FAQ come from the price book",
    "R0.2": "contact form",
    "R0.3": "a link to each answer",
    "R1.1": "discounts by volume",
    "R1.2": "table of prices",
    "R1.3": "calculator",
    "R2.1": "free trial of 14 days",
    "R3.1": "reminders before the trial ends",
    "R3.2": "choosing a plan in the trial",
    "R3.3": "data stays as it is",
    "R3.4": "Free after the trial",
    "R4.1": "cards",
    "R4.2": "purchase orders and bank transfer",
    "R4.3": "from monthly to annual",
    "R4.4": "applied once it is paid",
    "R5.1": "a new card",
    "R6.1": "up or down at any time",
    "R6.2": "the paths in Settings",
    "R6.3": "upgrades at once, prorated",
    "R6.4": "downgrades at the period's end",
    "R7.1": "invoices",
    "R7.2": "billing address",
    "R8.1": "responders and stakeholders",
    "R8.2": "who needs a responder licence; more seats",
    "R8.3": "what stakeholders may do",
    "R8.4": "stakeholders get no SMS",
    "R8.5": "stakeholders are free with Enterprise",
    "R8.6": "responders alone are counted; fewer seats",
    "R9.1": "mails at 80 % and at the limit",
    "R9.2": "overage",
    "R9.3": "Free stops at its limit",
    "R10.1": "incoming numbers",
    "R10.2": "minutes to the USA and Canada",
    "R10.3": "minutes elsewhere",
    "R10.4": "included number and minutes",
    "R11.1": "unlimited SMS and voice",
    "R11.2": "what countries cost",
    "R11.3": "fair use",
    "R11.4": "support for a case",
    "R12.1": "SMS to every country",
    "R12.2": "voice to more than 170 countries",
    "R12.3": "list of countries",
    "R13.1": "cancelling in two clicks",
    "R13.2": "Free at the end of what is paid",
    "R13.3": "Delete Account",
    "R13.4": "access ends, data is removed",
    "R13.5": "within two days",
    "§4": "dunning",
    **{f"M{number}": "rule of money and time" for number in range(1, 17)},
    **{f"invariant {number}": "holds of every history" for number in range(1, 13)},
}
FURTHER = re.compile(r"S(0[1-9]|[1-3]\d|4[0-3])|CHOICE-([1-9]|[1-4]\d|5[0-8])")  # shown where a test names them

ALSO: Mapping[str, tuple[str, ...]] = {
    "R13.4": ("test_r13_5_accept_257_75_are_owed_nobody_comes_in_and_in_two_days_the_archive_alone_is_left",),
    "R10.3": ("test_r10_4_accept_minutes_beyond_the_free_ones_and_a_second_number",),
    "M1": ("test_a_share_is_rounded_half_away_from_zero",),
    "M2": ("test_a_share_is_never_more_than_half_a_unit_off",),
    "M3": ("test_r6_3_accept_an_upgrade_credits_the_old_and_debits_the_new",),
    "M4": ("test_r6_3_accept_a_second_upgrade_credits_what_was_debited",),
    "M5": ("test_a_day_lies_in_the_one_period_that_is_cut_from_the_anchor", "test_midnight_is_local"),
    "M8": ("test_an_invoice_that_is_final_cannot_be_changed_or_deleted",),
    "M10": ("test_a_pure_module_asks_for_no_time_file_or_chance",),
    "M11": ("test_s24_a_new_zone_takes_effect_at_the_next_boundary",),
    "M14": ("test_a_payment_that_is_confirmed_elsewhere_is_heard_of",),
    "invariant 1": ("test_random_histories_come_out_as_the_reference_model_says",),
    "invariant 4": ("test_r8_2_accept_seats_added_and_removed_on_a_day_by_auto_expansion_cost_nothing",),
    "invariant 6": ("test_m9_a_record_that_comes_twice_is_one_unit",),
}
"""Tests that show a requirement though they are named after something else."""

NOT_YET: Mapping[str, str] = {}
"""What has no test of its own yet, and the area that it waits for."""

LATER: Mapping[str, tuple[str, ...]] = {
    "R8.3": ("incidents",),
    "R8.4": ("incidents",),
    "R10.1": ("incoming calls",),
    "R10.2": ("incoming calls",),
    "R10.3": ("incoming calls",),
    "R10.4": ("incoming calls",),
    "R12.1": ("SMS provider",),
    "R12.2": ("voice provider",),
}
"""What has tests, though a part of it waits for areas that there are not yet."""


def begun(*signs: str) -> bool:
    """Whether one of these folders of the program is there."""
    return any((ROOT / "src" / "tocsin" / sign).is_dir() for sign in signs)


AREAS: Mapping[str, Callable[[], bool]] = {
    "incidents": lambda: begun("incidents"),
    "incoming calls": lambda: begun("calls"),
    "SMS provider": lambda: begun("notifications/channels/sms"),
    "voice provider": lambda: begun("notifications/channels/voice"),
}
"""Whether there is such an area by now: then nothing may wait for it."""

DOORS: Mapping[str, str] = {
    "unit": "command",
    "db": "command",
    "web": "API or page",
    "story": "command",
    "cases": "rehearsal",
    "browser": "page",
}
MODELS = {"test_reference.py", "test_metering_oracle.py"}
"""Tests of the models that the engine is compared with: they show nothing of the engine itself."""

ANY_NAME = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
NAME = re.compile(
    r"^\s*(?:async )?def ((?:test_(?:(r)(\d+)_(\d+)|(m|s|choice_|inv_)(\d+))|(?:test_)?invariant_(\d+))_\w+)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A test, by its name, in a file, that shows a requirement."""

    requirement: str
    test: str
    file: str

    @property
    def door(self) -> str:
        return DOORS.get(self.file.split("/")[1], "command")


def shown() -> list[Shown]:
    """Every test that is named after a requirement, in the order of files."""
    found = []
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        if file.name in MODELS:
            continue
        for match in NAME.finditer(file.read_text(encoding="utf-8")):
            found.append(Shown(requirement_of(match), match[1], str(file.relative_to(ROOT))))
    return [*found, *also(), *played()]


def played() -> list[Shown]:
    """The cases that are played as rehearsals, named after their requirement: `R8.2.yaml`, `R8.2-49-to-52.yaml`."""
    cases = sorted((ROOT / "tests" / "cases" / "licensing").glob("*.yaml"))
    return [Shown(requirement_of_case(case.stem), case.stem, str(case.relative_to(ROOT))) for case in cases]


def requirement_of_case(name: str) -> str:
    """`R8.2` of `R8.2-49-to-52`, `§4` of `section-4`."""
    return "§4" if name.startswith("section-4") else name.partition("-")[0]


def also() -> list[Shown]:
    """The tests that ALSO names, where they are."""
    wanted = {test: requirement for requirement, tests in ALSO.items() for test in tests}
    return [
        Shown(wanted[match[1]], match[1], str(file.relative_to(ROOT)))
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        for match in ANY_NAME.finditer(file.read_text(encoding="utf-8"))
        if match[1] in wanted
    ]


def requirement_of(match: re.Match[str]) -> str:
    """`R6.3` of `test_r6_3_…`."""
    if match[2]:
        return f"R{match[3]}.{match[4]}"
    match match[5], match[6]:
        case "s", "4":
            return "§4"
        case "s", number:
            return f"S{int(number):02}"
        case "m", number:
            return f"M{int(number)}"
        case "choice_", number:
            return f"CHOICE-{int(number)}"
        case _, number:
            return f"invariant {int(number or match[7])}"


def table() -> str:
    """The table as Markdown: a row for each statement, then for each settled wording or choice that a test names."""
    by_requirement: dict[str, list[Shown]] = {}
    for one in shown():
        by_requirement.setdefault(one.requirement, []).append(one)
    further = sorted(set(by_requirement) - set(STATEMENTS), key=lambda it: (it[:1] == "C", len(it), it))
    rows = ["| requirement | about | door | tests |", "|---|---|---|---|"]
    for name in (*STATEMENTS, *further):
        tests = by_requirement.get(name, [])
        doors = ", ".join(dict.fromkeys(one.door for one in tests)) or f"not yet: {NOT_YET.get(name, 'unknown')}"
        doors += "".join(f"; later: {area}" for area in LATER.get(name, ()))
        files = ", ".join(dict.fromkeys(f"[{Path(one.file).stem}](../{one.file})" for one in tests))
        rows.append(f"| {name} | {STATEMENTS.get(name, 'settled wording' if name[0] == 'S' else 'choice')} "
                    f"| {doors} | {files} |")  # fmt: skip
    return "\n".join(rows) + "\n"


def written(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
