"""Pages out of templates: `render(viewer, "alerts/page.html", alert=…)`.

It stands low in the ladder so that the pages of every room can use it. A room's templates are named
`<room>/<file>` and lie in `<room>/templates`; those all rooms share lie in `web/templates` and have no prefix.
"""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import Literal

import jinja2
from jinja2.runtime import Context

from tocsin import i18n

PACKAGE = Path(__file__).parent
STATIC = PACKAGE / "web" / "static"
AVATAR_COLOURS = 8


@dataclass(frozen=True, slots=True)
class Notice:
    """A line above the page: what just happened, or what the reader has to know on every page."""

    kind: Literal["info", "success", "warning", "danger"]
    text: str
    href: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads a page, and when: all that the shell and the filters need of a request."""

    locale: str
    zone: tzinfo
    at: datetime  # of the request; aware
    csrf_token: str
    nonce: str  # of the Content-Security-Policy of this answer
    name: str = ""  # empty: nobody is signed in
    account_name: str = ""
    role: str = ""
    closed: frozenset[str] = frozenset()  # sections that are not for him
    path: str = "/"  # the page itself, to come back to after choosing a language
    banners: tuple[Notice, ...] = ()  # until their cause goes
    flashes: tuple[Notice, ...] = ()  # shown once


def render(viewer: Viewer, name: str, /, **values: object) -> str:
    """The template as HTML in the viewer's language. Raises: jinja2.UndefinedError for a name nobody gave."""
    return environment(viewer.locale).get_template(name).render(viewer=viewer, **values)


@cache
def environment(locale: str) -> jinja2.Environment:
    """The one environment of a language: strict about names, escaping everything but plain text."""
    made = jinja2.Environment(
        loader=_loader(),
        autoescape=_is_markup,  # noqa: S701 - everything is, but a mail's text part
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.policies["ext.i18n.trimmed"] = True
    catalogue = i18n.translations(locale)
    # The extension puts these methods on any environment that loads it, without telling the type checker.
    install: Callable[..., None] = getattr(made, "install_gettext_callables")  # noqa: B009
    install(catalogue.gettext, catalogue.ngettext, newstyle=True)
    made.globals.update(static_url=static_url, locales=i18n.LOCALES)
    made.filters.update({function.__name__: function for function in FILTERS})
    return made


def _is_markup(name: str | None) -> bool:
    return name is None or not name.endswith(".txt")


def _loader() -> jinja2.BaseLoader:
    rooms = {folder.parent.name: jinja2.FileSystemLoader(folder) for folder in PACKAGE.glob("*/templates")}
    return jinja2.ChoiceLoader([rooms.pop("web"), jinja2.PrefixLoader(rooms)])


@cache
def static_url(path: str) -> str:
    """The address of a file in `web/static`; it changes with its content. Raises: FileNotFoundError."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()
    return f"/static/{path}?v={digest[:12]}"


def _viewer(context: Context) -> Viewer:
    viewer: Viewer = context["viewer"]
    return viewer


@jinja2.pass_context
def instant(context: Context, at: datetime) -> str:
    """Day and time of day in the viewer's zone and language."""
    viewer = _viewer(context)
    return i18n.instant(viewer.locale, viewer.zone, at)


@jinja2.pass_context
def instant_in_full(context: Context, at: datetime) -> str:
    """The same with weekday, seconds and the zone's name."""
    viewer = _viewer(context)
    return i18n.instant_in_full(viewer.locale, viewer.zone, at)


@jinja2.pass_context
def day(context: Context, at: datetime) -> str:
    """The calendar day in the viewer's zone."""
    viewer = _viewer(context)
    return i18n.day(viewer.locale, viewer.zone, at)


@jinja2.pass_context
def short_day(context: Context, at: datetime) -> str:
    """The same where there is little room."""
    viewer = _viewer(context)
    return i18n.short_day(viewer.locale, viewer.zone, at)


@jinja2.pass_context
def time_of_day(context: Context, at: datetime) -> str:
    """Hours and minutes in the viewer's zone."""
    viewer = _viewer(context)
    return i18n.time_of_day(viewer.locale, viewer.zone, at)


@jinja2.pass_context
def ago(context: Context, at: datetime) -> str:
    """How long before (or after) this request."""
    viewer = _viewer(context)
    return i18n.ago(viewer.locale, at, viewer.at)


@jinja2.pass_context
def duration(context: Context, length: timedelta) -> str:
    """A length of time in the viewer's language."""
    return i18n.duration(_viewer(context).locale, length)


@jinja2.pass_context
def number(context: Context, value: float) -> str:
    """A number with the viewer's separators."""
    return i18n.number(_viewer(context).locale, value)


def iso(at: datetime) -> str:
    """For the `datetime` attribute: UTC to the second, "2026-11-22T03:10:07Z"."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def initials(name: str) -> str:
    """One or two capitals for an avatar: "Ana Nowak" → "AN", "ops@example.com" → "O"."""
    words = name.partition("@")[0].split()
    picked = [words[0], words[-1]] if len(words) > 1 else words[:1]
    return "".join(word[0].upper() for word in picked) or "?"


def avatar_colour(name: str) -> int:
    """Which of the avatar colours a name has; the same one on every page."""
    return zlib.crc32(name.encode()) % AVATAR_COLOURS


FILTERS: tuple[Callable[..., object], ...] = (
    instant,
    instant_in_full,
    day,
    short_day,
    time_of_day,
    ago,
    duration,
    number,
    iso,
    initials,
    avatar_colour,
)
