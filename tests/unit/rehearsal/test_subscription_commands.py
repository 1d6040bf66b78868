"""Commands about subscriptions in a scenario: what they become, and what is refused."""

import pytest

from tocsin.billing import commands as billing
from tocsin.billing.account import PaymentMethod
from tocsin.billing.cards.gateway import ActionRequired, Charge, Declined, Paid
from tocsin.errors import Invalid
from tocsin.licensing.model import Interval, Target
from tocsin.rehearsal.cards import RehearsedCards
from tocsin.rehearsal.subscription_commands import Bounce, CardAnswers, Preview, Subscribe, parse_subscription_action
from tocsin.yaml_tree import read_document


def test_an_order_names_plan_interval_and_seats() -> None:
    node = read_document("{plan: standard, interval: year, seats: 10, startToday: true}")

    action = parse_subscription_action("order", node)

    assert action == Subscribe(billing.Order(Target("standard", Interval.YEAR, 10), start_today=True))


def test_an_order_is_looked_at_as_it_is_given() -> None:
    action = parse_subscription_action("preview-order", read_document("{plan: standard, seats: 10}"))

    assert action == Preview(billing.Order(Target("standard", None, 10)))


def test_a_payment_that_bounces_is_the_cheque_s_and_whole() -> None:
    action = parse_subscription_action("bounce-payment", read_document("{invoice: INV/2026/00001}"))

    assert action == Bounce("INV/2026/00001", None, PaymentMethod.CHEQUE)


def test_an_order_on_an_invoice_says_what_its_purchase_order_covers() -> None:
    given = "{plan: standard, interval: year, seats: 10, poNumber: 4500-77, ceilingMinor: 300000, poRequired: true}"

    action = parse_subscription_action("accept-offline-order", read_document(given))

    target = Target("standard", Interval.YEAR, 10)
    assert action == Subscribe(billing.AcceptOfflineOrder(target, "4500-77", 3_000_00, po_required=True))


def test_a_word_about_fair_use_says_why() -> None:
    with pytest.raises(Invalid, match="'note' is missing"):
        parse_subscription_action("approve-fair-use", read_document("{}"))


def test_an_order_for_nothing_is_refused() -> None:
    with pytest.raises(Invalid, match="'plan' is missing"):
        parse_subscription_action("order", read_document("{startToday: true}"))


def test_an_answer_of_a_card_that_is_not_known_is_refused() -> None:
    with pytest.raises(Invalid, match="answer"):
        parse_subscription_action("card-answers", read_document("{answers: [perhaps]}"))


def test_the_answers_of_a_card_come_in_turn() -> None:
    action = parse_subscription_action("card-answers", read_document("{answers: [soft, works]}"))

    assert action == CardAnswers(("soft", "works"))


async def test_a_payment_that_was_confirmed_at_the_bank_is_paid() -> None:
    cards = RehearsedCards(["soft", "action_required"])
    charge = Charge("c", "card", 100, "USD", "first", "", "")
    declined = await cards.charge(charge)
    waiting = await cards.charge(Charge("c", "card", 100, "USD", "second", "", ""))
    assert isinstance(waiting, ActionRequired)

    cards.confirm()

    assert isinstance(declined, Declined)
    assert await cards.charge(charge) == declined
    assert await cards.payment(waiting.ref) == Paid(waiting.ref)
