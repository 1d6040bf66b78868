"""Outcomes a caller can act on, each with the one HTTP status it maps to. Pure."""

from collections.abc import Mapping
from typing import Any


class TocsinError(Exception):
    """Something the caller did or must know. `message` is written for that person; `errors` maps field → text.

    With `params` the message has `%(name)s` to fill in; `text` is the message before that, for a translation.
    """

    status = 500
    code: int | None = None

    def __init__(
        self,
        message: str,
        errors: Mapping[str, str] | None = None,
        *,
        code: int | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        self.text = message
        self.params = dict(params or {})
        self.message = message % self.params if self.params else message
        super().__init__(self.message)
        self.errors = dict(errors or {})
        if code is not None:
            self.code = code


class Malformed(TocsinError):
    """The body is not JSON, or not a JSON object."""

    status = 400


class Unauthenticated(TocsinError):
    """Nobody we know: no key, an unknown one, or no session."""

    status = 401


class PlanRequired(TocsinError):
    """The plan does not include the feature; the message says which one does."""

    status = 402


class PaymentRefused(TocsinError):
    """The card was declined; nothing has changed. `errors` has the reason's code under `card`."""

    status = 402


class Forbidden(TocsinError):
    """Known, but without the right."""

    status = 403
    code = 40301


class NotFound(TocsinError):
    """No such thing in this account."""

    status = 404


class Conflict(TocsinError):
    """The name is taken, or somebody else was faster."""

    status = 409


class TooLarge(TocsinError):
    """The body has more bytes than anybody needs to send here."""

    status = 413


class Invalid(TocsinError):
    """Understood, but not acceptable: `errors` names the fields."""

    status = 422


class InUse(TocsinError):
    """Another object still refers to it; the message names which."""

    status = 428


class Throttled(TocsinError):
    """Too many requests; `reason` names the bucket, `period_seconds` its length."""

    status = 429

    def __init__(self, message: str, *, reason: str = "ACCOUNT", period_seconds: int = 60) -> None:
        super().__init__(message)
        self.reason = reason
        self.period_seconds = period_seconds


class Unavailable(TocsinError):
    """The server cannot do it now; trying again later is right."""

    status = 503


def misfit_in_words(problem: Mapping[str, Any]) -> str:
    """What would be right where pydantic found a value that does not fit: "must be at most 100"."""
    limits = problem.get("ctx", {})
    match problem["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            return "must be a whole number"
        case "bool_parsing" | "bool_type":
            return "must be true or false"
        case "less_than_equal":
            return f"must be at most {limits['le']}"
        case "greater_than_equal":
            return f"must be at least {limits['ge']}"
        case "greater_than":
            return f"must be more than {limits['gt']}"
        case "enum" | "literal_error":
            return f"must be one of {str(limits['expected']).replace(' or ', ', ')}"
        case "missing":
            return "is missing"
        case _:
            return str(problem["msg"]).removeprefix("Value error, ")
