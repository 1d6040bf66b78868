from datetime import UTC, datetime

from tocsin.mail.letter import Button, Letter, written

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LETTER = Letter(
    subject="s",
    heading="Disk <full>",
    paragraphs=("It's 99 % full & rising.",),
    facts=(("Host", "db-1 <primary>"),),
    buttons=(Button("Acknowledge", "https://tocsin.example.com/a?x=1&y=2"), Button("Close", "https://e.example.com")),
    afterwards=("Sent to ana@example.com.",),
)


def test_the_text_says_it_as_it_is() -> None:
    text, _ = written(LETTER, locale="en", zone=UTC, at=AT)

    assert text == (
        "Disk <full>\n\nIt's 99 % full & rising.\n\nHost: db-1 <primary>\n\n"
        "Acknowledge:\nhttps://tocsin.example.com/a?x=1&y=2\n\nClose:\nhttps://e.example.com\n\n"
        "Sent to ana@example.com.\n\n-- \nTocsin\n"
    )


def test_the_html_holds_no_markup_of_strangers() -> None:
    _, html = written(LETTER, locale="pl", zone=UTC, at=AT)

    assert '<html lang="pl">' in html
    assert "Disk &lt;full&gt;" in html
    assert "db-1 &lt;primary&gt;" in html
    assert 'href="https://tocsin.example.com/a?x=1&amp;y=2"' in html
