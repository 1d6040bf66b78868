import dataclasses
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import jinja2
import pytest

from tocsin import templating
from tocsin.templating import Notice, Viewer

ANA = Viewer(
    locale="en",
    zone=ZoneInfo("Europe/Warsaw"),
    at=datetime(2026, 11, 22, 3, 10, 7, tzinfo=UTC),
    csrf_token="token<1>",
    nonce="n0nce",
    name="Ana Nowak",
    account_name="Example",
    path="/alerts",
)
NOBODY = dataclasses.replace(ANA, name="", account_name="")
ERROR = {"status": 404, "title": "Not here", "message": "It may be gone.", "request_id": "7b1d"}


def snippet(source: str, viewer: Viewer = ANA, **values: object) -> str:
    """A few lines of template, rendered with the macros at hand."""
    made = templating.environment(viewer.locale)
    template = made.from_string('{% import "ui.html" as ui with context %}' + source)
    return template.render(viewer=viewer, **values).strip()


def test_a_page_wears_the_shell_in_the_readers_language() -> None:
    polish = dataclasses.replace(ANA, locale="pl")

    page = templating.render(polish, "error.html", **ERROR)

    assert '<html lang="pl">' in page
    assert "Wyloguj się" in page
    assert "Ana Nowak" in page


def test_who_is_not_signed_in_sees_no_navigation() -> None:
    page = templating.render(NOBODY, "error.html", **ERROR)

    assert "Not here" in page
    assert "<nav" not in page
    assert "/sign-out" not in page


def test_the_section_of_a_page_is_marked_in_the_navigation() -> None:
    page = snippet('{% extends "base.html" %}{% set section = "teams" %}{% block title %}Teams{% endblock %}')

    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == ["/teams"]


def test_a_name_that_nobody_gave_raises() -> None:
    with pytest.raises(jinja2.UndefinedError):
        templating.render(ANA, "error.html", status=404, title="Not here")


def test_what_a_person_typed_is_escaped() -> None:
    page = templating.render(dataclasses.replace(ANA, name="<script>alert(1)</script>"), "error.html", **ERROR)

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_plain_text_is_left_as_it_is() -> None:
    made = templating.environment("en").overlay(loader=jinja2.DictLoader({"a.txt": "{{ x }}", "a.html": "{{ x }}"}))

    assert made.get_template("a.txt").render(x="R&D <1>") == "R&D <1>"
    assert made.get_template("a.html").render(x="R&D <1>") == "R&amp;D &lt;1&gt;"


def test_no_page_holds_inline_script_or_style() -> None:
    for viewer in (ANA, NOBODY):
        page = templating.render(viewer, "error.html", **ERROR)

        assert not re.search(r'\sstyle="|<style|\son\w+="|\shx-on|javascript:', page)
        assert all('nonce="n0nce"' in tag and " src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_every_form_that_posts_carries_the_csrf_token() -> None:
    page = templating.render(ANA, "error.html", **ERROR)

    forms = re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL)

    assert len(forms) == 2  # language, sign out
    assert all('name="csrf_token" value="token&lt;1&gt;"' in form for form in forms)


def test_a_files_address_changes_with_its_content() -> None:
    assert re.fullmatch(r"/static/tocsin\.css\?v=[0-9a-f]{12}", templating.static_url("tocsin.css"))
    assert templating.static_url("tocsin.css") != templating.static_url("tocsin.js")
    with pytest.raises(FileNotFoundError):
        templating.static_url("nothing.css")


def test_banners_and_flashes_stand_above_the_page() -> None:
    viewer = dataclasses.replace(
        ANA,
        banners=(Notice("warning", "Nobody outside is reached.", "/settings/mail", "Set up mail"),),
        flashes=(Notice("success", "Saved."),),
    )

    page = templating.render(viewer, "error.html", **ERROR)

    assert page.index("Nobody outside is reached.") < page.index("<main")
    assert '<a href="/settings/mail">Set up mail</a>' in page
    assert page.index("<main") < page.index("Saved.") < page.index("<h1>Not here")


def test_a_time_shows_in_the_viewers_zone_with_the_whole_instant_as_tooltip() -> None:
    html = snippet("{{ ui.time(at) }}", at=datetime(2026, 11, 22, 3, 5, tzinfo=UTC))

    assert html == (
        '<time datetime="2026-11-22T03:05:00Z" title="Sunday, 22 November 2026, 04:05:00 CET">22 Nov 2026, 04:05</time>'
    )
    assert ">5 minutes ago<" in snippet('{{ ui.time(at, "ago") }}', at=datetime(2026, 11, 22, 3, 5, tzinfo=UTC))


def test_a_field_with_an_error_says_so_to_everybody() -> None:
    html = snippet('{{ ui.field("name", "Name", value="<b>", hint="As people say it.", error="Give a name.") }}')

    assert 'value="&lt;b&gt;"' in html
    assert 'aria-invalid="true" aria-describedby="name-error name-hint"' in html
    assert 'id="name-error"' in html
    assert 'id="name-hint"' in html


def test_an_unknown_status_or_priority_is_an_error_not_a_blank() -> None:
    with pytest.raises(jinja2.UndefinedError):
        snippet('{{ ui.priority("P6") }}')
    with pytest.raises(jinja2.UndefinedError):
        snippet('{{ ui.status("lost") }}')


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Ana Nowak", "AN"), ("ana", "A"), ("Ana Maria Łoś", "AŁ"), ("ops@example.com", "O"), ("  ", "?"), ("", "?")],
)
def test_an_avatar_shows_at_most_two_initials(name: str, initials: str) -> None:
    assert templating.initials(name) == initials


def test_an_avatars_colour_is_the_same_every_time() -> None:
    assert templating.avatar_colour("Ana Nowak") == templating.avatar_colour("Ana Nowak") == 2
