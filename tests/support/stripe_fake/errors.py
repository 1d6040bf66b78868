"""Answers that say no, with Stripe's own types and codes."""

from typing import Any


class ApiError(Exception):
    """An error answer. `kept` says whether it is replayed for the same idempotency key."""

    def __init__(self, status: int, error: dict[str, Any], *, kept: bool = True) -> None:
        super().__init__(error.get("message"))
        self.status = status
        self.body = {"error": error}
        self.kept = kept


def invalid(message: str, code: str | None = None, param: str | None = None, *, kept: bool = True) -> ApiError:
    error = {"type": "invalid_request_error", "message": message}
    if code:
        error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
    if param:
        error["param"] = param
    return ApiError(400, error, kept=kept)


def wrong(param: str, code: str, message: str) -> ApiError:
    """What was typed into the card fields cannot be."""
    return ApiError(402, {"type": "card_error", "code": code, "message": message, "param": param})


def busy() -> ApiError:
    return ApiError(
        429, {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests."}, kept=False
    )


def missing(kind: str, id_: str, param: str = "id") -> ApiError:
    """404 where the address names it, 400 where a parameter does."""
    error = invalid(f"No such {kind}: '{id_}'", "resource_missing", param)
    error.status = 404 if param in {"id", "intent"} else 400
    return error


def unknown_parameters(names: list[str]) -> ApiError:
    """Stripe validates parameters before it does anything, so this is not kept under the key."""
    plural = "s" if len(names) > 1 else ""
    return invalid(f"Received unknown parameter{plural}: {', '.join(names)}", "parameter_unknown", names[0], kept=False)


def unauthorised() -> ApiError:
    return ApiError(
        401, {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_test_****"}, kept=False
    )


def reused_key(key: str) -> ApiError:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(400, {"type": "idempotency_error", "message": message}, kept=False)


def key_in_use(key: str) -> ApiError:
    message = f"There is currently another in-progress request using this Idempotent Key: {key}."
    error = {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": message}
    return ApiError(409, error, kept=False)
