"""What the fake keeps, and how customers, cards, setups, payments and refunds behave. Nothing here knows of HTTP."""

import copy
import secrets
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.support.stripe_fake.cards import CARDS, TOKENS, card_error, luhn
from tests.support.stripe_fake.errors import ApiError, invalid, missing
from tests.support.stripe_fake.form import Tree

Object = dict[str, Any]

SMALLEST = {"usd": 50, "eur": 50, "pln": 200}
LARGEST = 99_999_999
CANCELLABLE = {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}


class Store:
    """One test account of Stripe.

    `later[card]` holds decline codes for its next charges, one each ("" pays). `events` is what webhooks tell.
    """

    def __init__(self, url: Callable[[], str], now: Callable[[], datetime]) -> None:
        self._url = url
        self._now = now
        self._made = 0
        self._run = secrets.token_hex(5)
        self.objects: dict[str, Object] = {}
        self.numbers: dict[str, str] = {}
        self.ways_back: dict[str, str] = {}
        self.later: dict[str, list[str]] = defaultdict(list)
        self.events: list[Object] = []
        self.request_key: str | None = None

    # Keeping

    def make(self, prefix: str, kind: str, **fields: Any) -> Object:
        id_ = self._id(prefix)
        made = {"id": id_, "object": kind, "created": self.seconds(), "livemode": False, "metadata": {}} | fields
        self.objects[id_] = made
        return made

    def _id(self, prefix: str) -> str:
        """Unlike that of any other fake: tests share a database."""
        self._made += 1
        return f"{prefix}_{self._run}{self._made:06d}"

    def get(self, kind: str, id_: str, param: str = "id") -> Object:
        found = self.objects.get(id_)
        if found is None or found["object"] != kind or found.get("deleted"):
            raise missing(kind, id_, param)
        return found

    def of(self, kind: str) -> list[Object]:
        """All of a kind, oldest first."""
        return [value for value in self.objects.values() if value["object"] == kind]

    def seconds(self) -> int:
        return int(self._now().timestamp())

    def tell(self, type_: str, value: Object) -> Object:
        """Put an event among those to be sent; it shows the object as it is at this moment."""
        event = {
            "id": self._id("evt"),
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": self.seconds(),
            "data": {"object": copy.deepcopy(value)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": f"req_{self._made:08d}", "idempotency_key": self.request_key},
            "type": type_,
        }
        self.events.append(event)
        return event

    # Customers and cards

    def create_customer(self, params: Tree) -> Object:
        customer = self.make(
            "cus", "customer", name=None, email=None, invoice_settings={"default_payment_method": None}
        )
        return self.update_customer(customer["id"], params)

    def update_customer(self, id_: str, params: Tree) -> Object:
        customer = self.get("customer", id_)
        settings = params.pop("invoice_settings", {})
        default = settings.get("default_payment_method")
        if default:
            card = self.card(default, "invoice_settings[default_payment_method]")
            if card["customer"] != id_:
                raise invalid("The customer does not have a payment method with the ID " + default, "resource_missing")
            customer["invoice_settings"]["default_payment_method"] = default
        customer["metadata"] |= params.pop("metadata", {})
        customer |= params
        return customer

    def delete_customer(self, id_: str) -> Object:
        customer = self.get("customer", id_)
        for card in self.of("payment_method"):
            if card["customer"] == id_:
                card["customer"] = None
        self.objects[id_] = {"id": id_, "object": "customer", "deleted": True}
        self.tell("customer.deleted", customer)
        return self.objects[id_]

    def card(self, id_: str, param: str = "payment_method") -> Object:
        """A payment method; one of Stripe's tokens becomes a new one."""
        if id_ in TOKENS:
            return self.new_card({"number": TOKENS[id_], "exp_month": "12", "exp_year": "2030", "cvc": "1234"})
        return self.get("payment_method", id_, param)

    def new_card(self, typed: Tree) -> Object:
        """A payment method from what was typed into the fields."""
        number = str(typed.get("number", "")).replace(" ", "")
        known = CARDS.get(number)
        if not number.isdecimal() or not luhn(number) or known is None:
            raise ApiError(
                402,
                {
                    "type": "card_error",
                    "code": "incorrect_number",
                    "message": "Your card number is incorrect.",
                    "param": "number",
                },
            )
        month, year = int(typed.get("exp_month") or 0), int(typed.get("exp_year") or 0)
        if not 1 <= month <= 12:
            raise ApiError(
                402,
                {
                    "type": "card_error",
                    "code": "invalid_expiry_month",
                    "message": "Your card's expiration month is invalid.",
                    "param": "exp_month",
                },
            )
        card = self.make(
            "pm",
            "payment_method",
            type="card",
            customer=None,
            billing_details={"name": None, "email": None},
            card={
                "brand": known.brand,
                "country": known.country,
                "display_brand": known.brand,
                "exp_month": month,
                "exp_year": year + 2000 if year < 100 else year,
                "fingerprint": f"fp{int(number) % 10**12:012d}",
                "funding": known.funding,
                "last4": number[-4:],
                "networks": {"available": [known.brand], "preferred": None},
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            },
        )
        self.numbers[card["id"]] = number
        return card

    def attach(self, id_: str, customer: str) -> Object:
        card = self.card(id_)
        self.get("customer", customer, "customer")
        declined = CARDS[self.numbers[card["id"]]].setup
        if declined:
            raise ApiError(402, card_error(declined))
        card["customer"] = customer
        self.tell("payment_method.attached", card)
        return card

    def detach(self, id_: str) -> Object:
        card = self.get("payment_method", id_)
        if card["customer"] is None:
            raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
        customer = self.objects[card["customer"]]
        if customer["invoice_settings"]["default_payment_method"] == id_:
            customer["invoice_settings"]["default_payment_method"] = None
        card["customer"] = None
        self.tell("payment_method.detached", card)
        return card

    def replace_card(self, id_: str, exp_year: int, last4: str | None = None) -> Object:
        """What a network does when a bank issues a new card. Returns the event."""
        card = self.get("payment_method", id_)
        card["card"]["exp_year"] = exp_year
        card["card"]["last4"] = last4 or card["card"]["last4"]
        return self.tell("payment_method.automatically_updated", card)

    # Intents

    def intent(self, id_: str) -> Object:
        return self.get("setup_intent" if id_.startswith("seti_") else "payment_intent", id_, "intent")

    def create_setup(self, params: Tree) -> Object:
        if params.get("customer"):
            self.get("customer", params["customer"], "customer")
        setup = self.make(
            "seti",
            "setup_intent",
            customer=params.get("customer"),
            usage=params.get("usage", "off_session"),
            metadata=params.get("metadata", {}),
            payment_method_types=params.get("allowed_payment_method_types", ["card"]),
            payment_method=None,
            status="requires_payment_method",
            last_setup_error=None,
            next_action=None,
        )
        setup["client_secret"] = f"{setup['id']}_secret_{self._made:016x}"
        self.tell("setup_intent.created", setup)
        if params.get("confirm") == "true":
            return self.confirm_setup(setup["id"], params)
        return setup

    def confirm_setup(self, id_: str, params: Tree) -> Object:
        setup = self.get("setup_intent", id_, "intent")
        if setup["status"] in {"succeeded", "canceled"}:
            raise self._unexpected(setup, "setup_intent_unexpected_state", "confirm")
        card = self._chosen(setup, params)
        setup |= {"next_action": None, "last_setup_error": None, "payment_method": card["id"]}
        known = CARDS[self.numbers[card["id"]]]
        if known.setup:
            return self._setup_failed(setup, card_error(known.setup))
        if known.asks_on_setup:
            return self._ask(setup, params)
        return self._setup_done(setup)

    def _setup_done(self, setup: Object) -> Object:
        setup |= {"status": "succeeded", "next_action": None}
        if setup["customer"]:
            self.objects[setup["payment_method"]]["customer"] = setup["customer"]
        self.tell("setup_intent.succeeded", setup)
        return setup

    def _setup_failed(self, setup: Object, error: Object) -> Object:
        card = self.objects[setup["payment_method"]]
        setup |= {
            "status": "requires_payment_method",
            "payment_method": None,
            "next_action": None,
            "last_setup_error": error | {"payment_method": copy.deepcopy(card)},
        }
        self.tell("setup_intent.setup_failed", setup)
        raise ApiError(402, error | {"setup_intent": copy.deepcopy(setup)})

    def create_payment(self, params: Tree) -> Object:
        amount, currency = int(params["amount"]), params["currency"].lower()
        if amount < SMALLEST.get(currency, 1):
            raise invalid("Amount must convert to at least 50 cents.", "amount_too_small", "amount")
        if amount > LARGEST:
            raise invalid("Amount must be no more than 999,999.99", "amount_too_large", "amount")
        if params.get("off_session") == "true" and params.get("confirm") != "true":
            raise invalid("You must set `confirm` to use `off_session`.", "parameter_missing", "confirm")
        if params.get("return_url") and params.get("confirm") != "true":
            raise invalid("You can only pass `return_url` when `confirm` is true.", None, "return_url")
        if params.get("customer"):
            self.get("customer", params["customer"], "customer")
        card = self.card(params["payment_method"]) if params.get("payment_method") else None
        payment = self.make(
            "pi",
            "payment_intent",
            amount=amount,
            amount_received=0,
            currency=currency,
            customer=params.get("customer"),
            description=params.get("description"),
            metadata=params.get("metadata", {}),
            payment_method_types=params.get("allowed_payment_method_types", ["card"]),
            payment_method=card["id"] if card else None,
            status="requires_confirmation" if card else "requires_payment_method",
            latest_charge=None,
            last_payment_error=None,
            next_action=None,
            canceled_at=None,
        )
        payment["client_secret"] = f"{payment['id']}_secret_{self._made:016x}"
        self.tell("payment_intent.created", payment)
        if params.get("confirm") == "true":
            params["payment_method"] = payment["payment_method"]
            return self.confirm_payment(payment["id"], params)
        return payment

    def confirm_payment(self, id_: str, params: Tree) -> Object:
        payment = self.get("payment_intent", id_, "intent")
        if payment["status"] not in CANCELLABLE - {"requires_capture"}:
            raise self._unexpected(payment, "payment_intent_unexpected_state", "confirm")
        card = self._chosen(payment, params)
        payment |= {"next_action": None, "last_payment_error": None, "payment_method": card["id"]}
        if not CARDS[self.numbers[card["id"]]].asks_on_charge:
            return self._take(payment)
        if params.get("off_session") == "true":
            return self._payment_failed(payment, card_error("authentication_required"))
        return self._ask(payment, params)

    def _take(self, payment: Object) -> Object:
        """The bank is asked for the money."""
        card = payment["payment_method"]
        known = CARDS[self.numbers[card]]
        declined = self.later[card].pop(0) if self.later[card] else known.setup or known.charge
        if declined:
            return self._payment_failed(payment, card_error(declined))
        charge = self.make("ch", "charge", amount=payment["amount"], payment_intent=payment["id"], amount_refunded=0)
        payment |= {
            "status": "succeeded",
            "amount_received": payment["amount"],
            "latest_charge": charge["id"],
            "next_action": None,
        }
        self.tell("payment_intent.succeeded", payment)
        return payment

    def _payment_failed(self, payment: Object, error: Object) -> Object:
        card = self.objects[payment["payment_method"]]
        payment |= {
            "status": "requires_payment_method",
            "payment_method": None,
            "next_action": None,
            "last_payment_error": error | {"payment_method": copy.deepcopy(card)},
        }
        self.tell("payment_intent.payment_failed", payment)
        raise ApiError(402, error | {"payment_intent": copy.deepcopy(payment)})

    def cancel_payment(self, id_: str) -> Object:
        payment = self.get("payment_intent", id_, "intent")
        if payment["status"] not in CANCELLABLE:
            raise self._unexpected(payment, "payment_intent_unexpected_state", "cancel")
        payment |= {"status": "canceled", "next_action": None, "canceled_at": self.seconds()}
        self.tell("payment_intent.canceled", payment)
        return payment

    def list_payments(self, params: Tree) -> Object:
        found = [payment for payment in reversed(self.of("payment_intent"))]
        if params.get("customer"):
            self.get("customer", params["customer"], "customer")
            found = [payment for payment in found if payment["customer"] == params["customer"]]
        if params.get("starting_after"):
            ids = [payment["id"] for payment in found]
            if params["starting_after"] not in ids:
                raise missing("payment_intent", params["starting_after"], "starting_after")
            found = found[ids.index(params["starting_after"]) + 1 :]
        limit = int(params.get("limit", 10))
        if not 1 <= limit <= 100:
            raise invalid("This value must be between 1 and 100.", None, "limit")
        return {"object": "list", "url": "/v1/payment_intents", "has_more": len(found) > limit, "data": found[:limit]}

    def _chosen(self, intent: Object, params: Tree) -> Object:
        """The payment method that an intent is confirmed with."""
        if params.get("payment_method_data"):
            card = self.new_card(params["payment_method_data"].get("card", {}))
        elif params.get("payment_method") or intent["payment_method"]:
            card = self.card(params.get("payment_method") or intent["payment_method"])
        else:
            raise invalid(
                "You cannot confirm this intent because it's missing a payment method.", None, "payment_method"
            )
        owner = card["customer"]
        if owner and owner != intent["customer"]:
            raise invalid("The payment method belongs to another customer.", None, "payment_method")
        return card

    # 3-D Secure

    def _ask(self, intent: Object, params: Tree) -> Object:
        """The bank wants its holder: by a redirect where there is a way back, else by the SDK."""
        intent["status"] = "requires_action"
        if params.get("return_url"):
            url = f"{self._url()}/redirect/authenticate/{intent['id']}?client_secret={intent['client_secret']}"
            self.ways_back[intent["id"]] = params["return_url"]
            redirect = {"return_url": params["return_url"], "url": url}
            intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect}
        else:
            intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        self.tell(f"{intent['object']}.requires_action", intent)
        return intent

    def authenticated(self, id_: str, *, accepted: bool) -> str:
        """The holder said yes or no at the bank; the word that goes back with the browser."""
        intent = self.intent(id_)
        if intent["status"] != "requires_action":
            return "succeeded" if intent["status"] == "succeeded" else "failed"
        setup = intent["object"] == "setup_intent"
        failure = "setup_intent_authentication_failure" if setup else "payment_intent_authentication_failure"
        error = {"type": "invalid_request_error", "code": failure, "message": "The card failed authentication."}
        try:
            if setup:
                self._setup_done(intent) if accepted else self._setup_failed(intent, error)
            else:
                self._take(intent) if accepted else self._payment_failed(intent, error)
        except ApiError:
            return "failed"
        return "succeeded"

    def _unexpected(self, intent: Object, code: str, verb: str) -> ApiError:
        error = invalid(f"You cannot {verb} this intent because it has a status of {intent['status']}.", code)
        error.body["error"][intent["object"]] = copy.deepcopy(intent)
        return error

    # Refunds and disputes

    def create_refund(self, params: Tree) -> Object:
        payment = self.get("payment_intent", params.get("payment_intent", ""), "payment_intent")
        if payment["status"] != "succeeded":
            raise invalid("This PaymentIntent does not have a successful charge to refund.", "charge_not_refundable")
        charge = self.objects[payment["latest_charge"]]
        left = charge["amount"] - charge["amount_refunded"]
        amount = int(params.get("amount", left))
        if left == 0:
            raise invalid(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
        if not 0 < amount <= left:
            raise invalid("Refund amount is greater than unrefunded amount on charge.", None, "amount")
        charge["amount_refunded"] += amount
        refund = self.make(
            "re",
            "refund",
            amount=amount,
            charge=charge["id"],
            currency=payment["currency"],
            metadata=params.get("metadata", {}),
            payment_intent=payment["id"],
            reason=params.get("reason"),
            status="succeeded",
        )
        self.tell("refund.created", refund)
        return refund

    def fail_refund(self, id_: str) -> Object:
        """What happens when the card's bank sends the money back. Returns the event."""
        refund = self.get("refund", id_)
        refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
        self.objects[refund["charge"]]["amount_refunded"] -= refund["amount"]
        return self.tell("refund.failed", refund)

    def dispute(self, payment: str, reason: str = "fraudulent") -> Object:
        """What a holder does at the bank. Returns the event."""
        paid = self.get("payment_intent", payment)
        dispute = self.make(
            "du",
            "dispute",
            amount=paid["amount"],
            charge=paid["latest_charge"],
            currency=paid["currency"],
            payment_intent=payment,
            reason=reason,
            status="needs_response",
        )
        return self.tell("charge.dispute.created", dispute)

    def close_dispute(self, id_: str, status: str) -> Object:
        dispute = self.get("dispute", id_)
        dispute["status"] = status
        return self.tell("charge.dispute.closed", dispute)
