"""Settings: environment variables named TOCSIN_…, read once, handed to what needs them."""

import os
import secrets
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, PositiveInt, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_data_dir() -> Path:
    """Where the embedded database and the secret key live: /var/lib/tocsin for root, else the user's data directory."""
    return Path("/var/lib/tocsin") if os.geteuid() == 0 else Path(platformdirs.user_data_dir("tocsin"))


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host` stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Settings(BaseSettings):
    """What the operator decides. Each field is the variable TOCSIN_<NAME> and a line in docs/operations/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix="TOCSIN_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: str | None = None
    data_dir: Path = Field(default_factory=default_data_dir)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None
    secret_key: str | None = None
    smtp_url: str | None = None
    mail_from: str = "Tocsin <tocsin@localhost>"
    support_email: str | None = None
    billing: Literal["on", "off"] = "on"
    sign_up: Literal["open", "closed"] = "open"
    stripe_api_key: SecretStr | None = None
    stripe_publishable_key: str | None = Field(default=None, validate_default=True)
    stripe_webhook_secret: SecretStr | None = None
    stripe_api_base: str = "https://api.stripe.com"
    stripe_js_url: str = "https://js.stripe.com/endive/stripe.js"
    vat_registry_url: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"
    metrics_token: str | None = None
    worker_metrics_port: int | None = None
    ready_lag_seconds: PositiveInt = 60
    trusted_proxies: str = ""
    allowed_private_networks: str = ""
    bootstrap_api_key: str | None = None
    bootstrap_owner_email: str | None = None
    bootstrap_owner_password: str | None = None
    ingest_queue_limit: PositiveInt = 20_000
    lease_seconds: PositiveInt = 60
    password_hash_concurrency: int = 2
    password_hash_memory_kib: int = 65_536
    password_hash_passes: int = 3
    session_days: PositiveInt = 30

    @field_validator("stripe_api_base", "stripe_js_url", "vat_registry_url")
    @classmethod
    def _safe_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        address = urlsplit(value)
        if not address.hostname or address.username or address.scheme not in {"https", "http"}:
            raise ValueError("must be an address such as https://api.stripe.com")
        if address.scheme == "http" and not is_loopback(address.hostname):
            raise ValueError("must be https, unless it is on this machine")
        return value

    @field_validator("stripe_publishable_key")
    @classmethod
    def _beside_the_api_key(cls, value: str | None, known: ValidationInfo) -> str | None:
        if known.data.get("stripe_api_key") is not None and not value:
            raise ValueError("is needed beside TOCSIN_STRIPE_API_KEY")
        return value

    @property
    def takes_cards(self) -> bool:
        """Is there a card provider? Without one, annual subscriptions are paid on an invoice, and nothing else is."""
        return self.stripe_api_key is not None

    @property
    def base_url(self) -> str:
        """The address people use, without a trailing slash: links in mails are made from it."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared, not bound
        return f"http://{host}:{self.port}"

    @cached_property
    def key(self) -> bytes:
        """The server's secret: TOCSIN_SECRET_KEY, else made once and kept in the data directory."""
        if self.secret_key:
            return self.secret_key.encode()
        path = self.data_dir / "secret.key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f"secret.{os.getpid()}.new")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)  # whoever is first wins; nobody reads half a key
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        return path.read_text().strip().encode()
