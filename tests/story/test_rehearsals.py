"""Rehearsals: the documented ones, each command, clock changes, failures, and the same bytes each time."""

from datetime import datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from tocsin.errors import Invalid
from tocsin.rehearsal.command import as_text
from tocsin.rehearsal.events import Event
from tocsin.rehearsal.expectation import in_words
from tocsin.rehearsal.run import Rehearsal, rehearse
from tocsin.rehearsal.scenario import parse_scenario
from tocsin.rehearsal.scratch import Scratch

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTED = {file.stem: file.read_text() for file in sorted((DOCS / "rehearsals").glob("*.yaml"))}
DOCUMENTED["rehearsal.md"] = (
    (DOCS / "rehearsal.md").read_text().partition("## The file\n\n```yaml\n")[2].partition("```")[0]
)
ACCOUNT = dedent("""\
    timeZone: Europe/Warsaw
    users:
      - {username: ana@example.com}
      - {username: bo@example.com}
      - {username: olga@example.com, role: owner}
    teams:
      - {name: Web, members: [{user: {username: ana@example.com}}, {user: {username: bo@example.com}}]}
    escalations:
      - name: Later
        rules:
          - {delay: {timeAmount: 10, timeUnit: minutes}, recipient: {type: user, username: bo@example.com}}
          - {delay: {timeAmount: 20, timeUnit: minutes}, recipient: {type: user, username: olga@example.com}}
    responders: [{type: user, username: ana@example.com}]
    """)


async def play(
    scratch: Scratch,
    commands: str,
    *,
    rest: str = "",
    account: str = ACCOUNT,
    start: str = "2026-11-21T03:10:00+01:00",
    end: str = "+2h",
) -> Rehearsal:
    text = f"start: {start}\naccount:\n{indent(account, '  ')}commands:\n{indent(dedent(commands), '  ')}\nend: {end}\n"
    return await rehearse(parse_scenario(text + dedent(rest)), scratch)


def told(rehearsal: Rehearsal) -> list[tuple[int, str]]:
    """Who got a message, at which minute."""
    start = rehearsal.scenario.start
    return [
        (int((event.at - start).total_seconds() // 60), event.data["who"].partition("@")[0])
        for event in rehearsal.events
        if event.kind == "notification"
    ]


def only(rehearsal: Rehearsal, kind: str) -> Event:
    [found] = [event for event in rehearsal.events if event.kind == kind]
    return found


@pytest.mark.parametrize("text", DOCUMENTED.values(), ids=DOCUMENTED.keys())
async def test_a_documented_rehearsal_comes_as_it_expects(scratch: Scratch, text: str) -> None:
    scenario = parse_scenario(text)

    rehearsal = await rehearse(scenario, scratch)

    assert scenario.expectation is not None
    assert scenario.expectation.events
    assert not rehearsal.unmet, in_words(rehearsal.unmet)


async def test_the_same_scenario_gives_the_same_bytes(scratch: Scratch) -> None:
    commands = """
        - {at: +0m, create-alert: {message: one, alias: one, responders: [{type: team, name: Web}]}}
        - {at: +0m, create-alert: {message: two, responders: [{type: escalation, name: Later}]}}
        - {at: +0m, create-alert: {message: three, alias: three, responders: [{type: escalation, name: Any}]}}
        - {at: +1m, add-note: {alert: three, note: looking}}
        """
    account = ACCOUNT.replace(
        "escalations:\n",
        "escalations:\n  - name: Any\n    rules: [{notifyType: random, recipient: {type: team, name: Web}}]\n",
    )
    failing = (f"{{contact: {{method: email, to: {name}@example.com}}, until: +2m}}" for name in ("ana", "bo"))
    rest = f"failures: [{', '.join(failing)}]"

    first = as_text(await play(scratch, commands, rest=rest, account=account))
    second = as_text(await play(scratch, commands, rest=rest, account=account))

    assert first == second
    assert "attempt_failed" in first


async def test_commands_come_before_what_is_due_at_their_instant(scratch: Scratch) -> None:
    rehearsal = await play(
        scratch,
        """
        - {at: +0m, create-alert: {message: disk full, alias: disk, responders: [{type: escalation, name: Later}]}}
        - {at: +10m, acknowledge: {alert: disk}}
        """,
    )

    assert told(rehearsal) == []
    assert [event.data["why"] for event in rehearsal.events if event.kind == "escalation"] == [
        ["rule 1 of Later, after 10 min"],
        ["rule 2 of Later, after 20 min"],
    ]


CREATED = (
    "- {at: +0m, create-alert: {message: disk full, alias: disk, tags: [old], details: {rack: 4}, actions: [restart]}}"
)


@pytest.mark.parametrize(
    ("command", "kind", "data"),
    [
        ("acknowledge: {alert: disk, user: ana@example.com}", "acknowledged", {"by": "ana@example.com"}),
        ("close: {alert: disk, source: monitor}", "closed", {"text": "Alert closed, via monitor"}),
        ("delete: {alert: disk}", "deleted", {}),
        ("snooze: {alert: disk, endTime: +1h}", "snoozed", {"text": "Alert snoozed until 21 Nov 2026, 04:10"}),
        ("escalate: {alert: disk, escalation: {name: Later}}", "escalated", {}),
        ("assign: {alert: disk, owner: {username: bo@example.com}}", "assigned", {"data": {"owner": "bo@example.com"}}),
        ("add-team: {alert: disk, team: {name: Web}}", "responder_added", {"data": {"type": "team", "name": "Web"}}),
        ("add-responder: {alert: disk, responder: {type: user, username: bo@example.com}}", "responder_added", {}),
        ("add-note: {alert: disk, note: looking}", "note_added", {"text": "Note added: looking"}),
        ("add-tags: {alert: disk, tags: [new, old]}", "tags_added", {"data": {"tags": ["new"]}}),
        ("remove-tags: {alert: disk, tags: [old]}", "tags_removed", {"data": {"tags": ["old"]}}),
        ("add-details: {alert: disk, details: {slot: 1}}", "details_added", {"data": {"keys": ["slot"]}}),
        ("remove-details: {alert: disk, keys: [rack]}", "details_removed", {"data": {"keys": ["rack"]}}),
        ("update-priority: {alert: disk, priority: P1}", "priority_changed", {"data": {"before": "P3", "after": "P1"}}),
        ("update-message: {alert: disk, message: disk fuller}", "message_changed", {}),
        ("update-description: {alert: disk, description: really}", "description_changed", {}),
        ("execute-action: {alert: disk, action: restart}", "custom_action", {"data": {"action": "restart"}}),
        ("create-alert: {message: again, alias: disk}", "occurred", {"data": {"count": 2}}),
        ("execute-action: {alert: disk, action: explode}", "refused", {"text": "Alert has no action named [explode]"}),
        ("acknowledge: {alert: '#7'}", "refused", {"text": "Alert does not exist", "command": "acknowledge"}),
        ("unacknowledge: {alert: disk}", "unchanged", {"text": "Alert is not acknowledged"}),
    ],
)
async def test_each_command_does_what_its_call_does(
    scratch: Scratch, command: str, kind: str, data: dict[str, Any]
) -> None:
    rehearsal = await play(scratch, f"{CREATED}\n- {{at: +5m, {command}}}")

    event = only(rehearsal, kind)
    assert {**event.data, **data} == event.data
    assert (event.at - rehearsal.scenario.start).total_seconds() == 300


async def test_an_acknowledgement_that_is_taken_back_tells_again(scratch: Scratch) -> None:
    rehearsal = await play(
        scratch,
        f"""
        {CREATED}
        - {{at: +5m, acknowledge: {{alert: disk}}}}
        - {{at: +6m, unacknowledge: {{alert: disk}}}}
        """.replace("\n        ", "\n"),
    )

    assert told(rehearsal) == [(0, "ana"), (6, "ana")]


async def test_escalating_takes_the_next_step_at_once(scratch: Scratch) -> None:
    rehearsal = await play(scratch, f"{CREATED}\n- {{at: +5m, escalate: {{alert: disk, escalation: {{name: Later}}}}}}")

    assert told(rehearsal)[:2] == [(0, "ana"), (5, "bo")]


async def test_a_contact_that_fails_for_a_while_is_tried_again(scratch: Scratch) -> None:
    failing = "{contact: {method: email, to: ana@example.com}, until: +20s, reason: greylisted}"

    rehearsal = await play(scratch, CREATED, rest=f"failures: [{failing}]")

    failed = [event for event in rehearsal.events if event.kind == "attempt_failed"]
    assert [event.data["attempt"] for event in failed] == [1, 2, 3]
    assert {(event.data["status"], event.data["reason"]) for event in failed} == {("retrying", "greylisted")}
    sent = only(rehearsal, "notification")
    assert sent.data["attempt"] == 4
    assert (sent.at - rehearsal.scenario.start).total_seconds() >= 20


async def test_a_contact_that_fails_for_good_ends_at_the_owner_in_that_order(scratch: Scratch) -> None:
    rehearsal = await play(
        scratch, CREATED, rest="failures: [{contact: {method: email, to: ana@example.com}, permanent: true}]"
    )

    assert [event.kind for event in rehearsal.events] == ["created", "attempt_failed", "last_resort", "notification"]
    assert rehearsal.events[-1].data["who"] == "olga@example.com"
    assert rehearsal.events[-1].data["why"] == ["last resort: every contact failed"]


async def test_what_is_still_open_at_the_end_is_said(scratch: Scratch) -> None:
    rehearsal = await play(
        scratch, CREATED, end="+1m", rest="failures: [{contact: {method: email, to: ana@example.com}}]"
    )

    waiting = only(rehearsal, "waiting")
    assert (waiting.at, waiting.data["status"]) == (rehearsal.scenario.end, "retrying")
    assert datetime.fromisoformat(waiting.data["dueAt"]) > rehearsal.scenario.end


async def test_a_blocked_person_is_not_told_and_the_reason_is(scratch: Scratch) -> None:
    account = ACCOUNT.replace("{username: ana@example.com}\n", "{username: ana@example.com, blocked: true}\n", 1)

    rehearsal = await play(scratch, CREATED, account=account)

    assert only(rehearsal, "not_told").data["text"] == "ana@example.com is suspended."
    assert told(rehearsal) == [(0, "olga")]


async def test_a_step_that_leads_to_nothing_is_said_with_the_message_that_went_out(scratch: Scratch) -> None:
    account = ACCOUNT.replace(
        "  - {username: ana@example.com}\n",
        """\
  - username: ana@example.com
    contacts:
      - {method: email, to: ana@example.com}
      - {method: webhook, to: "https://pager.example.com", enabled: false}
    notificationRules:
      - actionType: create-alert
        steps:
          - contact: {method: email, to: ana@example.com}
          - contact: {method: webhook, to: "https://pager.example.com"}
""",
    )

    rehearsal = await play(scratch, CREATED, account=account)

    assert only(rehearsal, "notification").data["leftOut"] == "a contact is disabled"


async def test_an_integration_that_does_not_exist_is_refused_by_its_place(scratch: Scratch) -> None:
    with pytest.raises(Invalid, match=r"^commands\[0\]\.create-alert: .*'Nagios'. Known: Default API"):
        await play(scratch, "- {at: +0m, create-alert: {message: x, integration: Nagios}}")


async def test_an_override_stands_in_and_is_named_as_the_reason(scratch: Scratch) -> None:
    account = ACCOUNT + dedent("""\
        schedules:
          - name: Nights
            rotations:
              - {name: First, type: daily, startDate: -1d, participants: [{type: user, username: ana@example.com}]}
            overrides:
              - {user: {type: user, username: bo@example.com}, startDate: -1h, endDate: +1h, rotations: [{name: First}]}
        """)
    commands = """
        - {at: +0m, create-alert: {message: now, responders: [{type: schedule, name: Nights}]}}
        - {at: +1h, create-alert: {message: later, responders: [{type: schedule, name: Nights}]}}
        """

    rehearsal = await play(scratch, commands, account=account)

    assert told(rehearsal) == [(0, "bo"), (60, "ana")]
    assert "by an override" in rehearsal.events[1].data["why"][0]


HANDOFFS = ACCOUNT + dedent("""\
    schedules:
      - name: Nights
        timezone: Europe/Warsaw
        rotations:
          - name: First
            type: daily
            startDate: 2026-03-20T02:30:00+01:00
            participants: [{type: user, username: ana@example.com}, {type: user, username: bo@example.com}]
    """)
TOLD_BY_NIGHTS = "create-alert: {message: x, responders: [{type: schedule, name: Nights}]}"


@pytest.mark.parametrize(
    ("night", "before", "after"),
    [
        # 02:30 does not exist: the hand-off is the gap's end, 03:00 CEST.
        ("2026-03-29", "2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"),
        # 02:30 comes twice: the hand-off is its first showing, and it is not handed back.
        ("2026-10-25", "2026-10-25T02:29:59+02:00", "2026-10-25T02:30:00+02:00"),
    ],
    ids=["forward", "back"],
)
async def test_a_hand_off_in_the_night_when_clocks_change(
    scratch: Scratch, night: str, before: str, after: str
) -> None:
    rehearsal = await play(
        scratch,
        f"""
        - {{at: {before}, {TOLD_BY_NIGHTS}}}
        - {{at: {after}, {TOLD_BY_NIGHTS}}}
        - {{at: {night}T02:00:00+00:00, {TOLD_BY_NIGHTS}}}
        """,
        account=HANDOFFS,
        start=f"{night}T00:00:00+02:00" if night > "2026-04" else f"{night}T00:00:00+01:00",
        end="+6h",
    )

    [first, second, third] = [who for _, who in told(rehearsal)]
    assert first != second
    assert third == second


async def test_usage_is_reported_once_and_a_bad_number_is_refused_with_its_place(scratch: Scratch) -> None:
    commands = """\
        - {at: +1m, usage: {kind: sms, number: "+48123456789", count: 3, id: batch}}
        - {at: +2m, usage: {kind: sms, number: "+48123456789", count: 4, id: batch}}
        - {at: +3m, usage: {kind: call_leg, number: "+12125550123", seconds: 61}}
        """
    rehearsal = await play(scratch, commands, account=f"plan: trial\n{ACCOUNT}")
    assert [event.data["text"] for event in rehearsal.events if event.kind == "usage"] == [
        "sms to +48123456789: 3 recorded", "sms to +48123456789: 1 recorded", "call_leg to +12125550123: 1 recorded",
    ]  # fmt: skip

    with pytest.raises(Invalid, match=r"commands\[0\]\.usage\.number.*\+48123456789"):
        await play(scratch, "- {at: +1m, usage: {kind: sms, number: ana}}")
