"""Printed documents: what they say and how the file is built, read back by another library."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from pypdf.generic import DictionaryObject
from tests.support.documents import AMERICAN, GERMAN, POLISH, make_document, seats
from tests.support.paper import read, text_of

from tocsin.billing.documents.pdf import render_pdf, render_quote
from tocsin.billing.model import Document, DocumentKind, DocumentStatus, Line, LineKind
from tocsin.errors import Invalid

R4_2 = make_document(
    [seats(570_000, 25, 22_800, detail={"plan_name": "Standard", "interval": "year"})],
    collection="invoice",
    po_number="4500-77",
)


def numbers(count: int) -> Document:
    """A document of `count` lines."""
    return make_document(
        [
            Line(LineKind.NUMBER, f"+48 22 555 {number:02d}", 1, 1000, 1000, date(2026, 3, 10), date(2026, 4, 10))
            for number in range(count)
        ]
    )


def test_r4_2_the_purchase_order_and_the_amounts_are_printed_in_english() -> None:
    text = text_of(render_pdf(R4_2, "en"))

    for said in (
        "Invoice INV/2026/00001",
        "Purchase order 4500-77",
        "Date of issue 24 March 2026",
        "Due date 23 April 2026",
        "25 seats 228.00 23% 5,700.00",
        "Net total 5,700.00 USD",
        "VAT total 1,311.00 USD",
        "Total 7,011.00 USD",
        "VAT ID: PL8567346215",
        "VAT ID: PL5260001246",
        "IBAN PL61 1090 1014 0000 0712 1981 2874",
        "Payment reference INV/2026/00001",
        "Page 1 of 1",
    ):
        assert said in text


def test_r4_2_the_same_is_printed_in_polish() -> None:
    text = text_of(render_pdf(R4_2, "pl"))

    for said in (
        "Faktura INV/2026/00001",
        "Zamówienie 4500-77",
        "Data wystawienia 24 marca 2026",
        "Termin płatności 23 kwietnia 2026",
        "25 licencji 228,00 23% 5 700,00",
        "Razem netto 5 700,00 USD",
        "Razem VAT 1 311,00 USD",
        "Razem 7 011,00 USD",
        "Gęśla i Jaźń S.A. ul. Żółkiewskiego 7/3 31-539 Kraków Polska",
        "Strona 1 z 1",
    ):
        assert said in text


def test_r7_2_a_reverse_charge_invoice_says_so_and_shows_both_vat_ids() -> None:
    text = text_of(render_pdf(make_document([seats(23_000, 10, 2300)], buyer=GERMAN), "en"))

    assert "Reverse charge: the recipient accounts for the VAT" in text
    assert "PL8567346215" in text
    assert "DE136695976" in text
    assert "VAT total 0.00 USD" in text


def test_a_customer_outside_the_union_is_told_why_there_is_no_vat() -> None:
    assert "Not subject to VAT" in text_of(render_pdf(make_document([seats(23_000, 10)], buyer=AMERICAN), "en"))


def test_a_credit_note_names_the_invoice_and_asks_for_nothing() -> None:
    note = make_document(
        [seats(1533, 10, days_left=2, days=30)],
        kind=DocumentKind.CREDIT_NOTE,
        status=DocumentStatus.ISSUED,
        number="CN/2026/00001",
        credits_number="INV/2026/00001",
    )

    text = text_of(render_pdf(note, "en"))

    assert "Credit note CN/2026/00001" in text
    assert "Credits invoice INV/2026/00001" in text
    assert "Total credited 18.86 USD" in text
    assert "Due date" not in text
    assert "IBAN" not in text


def test_a_quote_has_the_same_sums_and_owes_nothing() -> None:
    text = text_of(render_quote(replace(R4_2, number="Q-17"), "en", date(2026, 4, 24)))

    assert "Quote Q-17" in text
    assert "Valid until 24 April 2026" in text
    assert "Total 7,011.00 USD" in text
    assert "an offer and not an invoice" in text
    assert "IBAN" not in text


def test_what_is_paid_is_said() -> None:
    paid = replace(R4_2, paid_minor=701_100, status=DocumentStatus.PAID)
    partly = replace(R4_2, paid_minor=700_000)

    assert "Paid in full" in text_of(render_pdf(paid, "en"))
    assert "Paid 7,000.00 USD Amount due 11.00 USD" in text_of(render_pdf(partly, "en"))
    assert "charged to your card" in text_of(render_pdf(replace(R4_2, collection="card"), "en"))


def test_the_due_day_is_a_day_of_the_billing_zone() -> None:
    midnight_in_warsaw = datetime(2026, 4, 9, 22, tzinfo=UTC)

    text = text_of(render_pdf(replace(R4_2, due_at=midnight_in_warsaw, zone="Europe/Warsaw"), "en"))

    assert "Due date 10 April 2026" in text


def test_a_draft_has_no_number_and_calls_itself_one() -> None:
    assert "Draft invoice" in text_of(render_pdf(replace(R4_2, number=None), "en"))


def test_a_yen_has_no_decimals() -> None:
    assert "Total 701,100 JPY" in text_of(render_pdf(replace(R4_2, currency="JPY"), "en"))


def test_nothing_is_issued_without_a_seller() -> None:
    with pytest.raises(Invalid, match="no seller"):
        render_pdf(replace(R4_2, seller=None), "en")


def test_what_a_customer_writes_is_text_and_nothing_else() -> None:
    nasty = '#panic("x") $x$ *b* _i_ <label> @ref \\ "quote" #sys.inputs 中文 😀 \x00 // comment'

    text = text_of(render_pdf(replace(R4_2, po_number=nasty, buyer=replace(POLISH, name=nasty)), "en"))

    assert text.count('#panic("x") $x$ *b* _i_ <label> @ref \\ "quote" #sys.inputs □□ □ // comment') == 2


def test_a_long_name_wraps_and_pushes_nothing_off_the_page() -> None:
    name = "Wschodnioeuropejskie Zakłady Konstrukcji Dzwonów " * 6

    pdf = render_pdf(replace(R4_2, buyer=replace(POLISH, name=name)), "pl")

    assert len(read(pdf).pages) == 1
    assert "Razem 7 011,00 USD" in text_of(pdf)


def test_a_long_invoice_repeats_its_heads_counts_its_pages_and_loses_no_line() -> None:
    pages = [" ".join(page.extract_text().split()) for page in read(render_pdf(numbers(60), "en")).pages]

    assert len(pages) == 3
    assert all("Description Quantity Unit price VAT Net (USD)" in page for page in pages)
    assert [f"Page {number} of 3" in page for number, page in enumerate(pages, 1)] == [True] * 3
    assert len(re.findall(r"Incoming call number", " ".join(pages))) == 60
    assert "Total 738.00 USD" in pages[-1]


@pytest.mark.parametrize("count", range(17, 25))  # around where a page is full
def test_the_sums_are_never_torn_apart(count: int) -> None:
    last = " ".join(read(render_pdf(numbers(count), "en")).pages[-1].extract_text().split())

    assert all(said in last for said in ("Tax Net VAT amount Gross", "Net total", "VAT total", "Total"))


def test_the_file_is_pdf_a_3b_with_everything_it_needs_inside() -> None:
    reader = read(render_pdf(R4_2, "pl"))
    root = cast("dict[str, Any]", reader.root_object)

    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert root["/Lang"] == "pl"
    fonts = [font for page in reader.pages for font in fonts_of(page)]
    assert len(fonts) >= 2
    assert all(embedded(font) for font in fonts)
    assert reader.metadata is not None
    assert reader.metadata.title == "Faktura INV/2026/00001"


def test_the_same_document_is_the_same_bytes() -> None:
    program = (
        "import sys, hashlib; sys.path.insert(0, '.');"
        "from tests.unit.billing.documents.test_pdf import R4_2, render_pdf;"
        "print(hashlib.sha256(render_pdf(R4_2, 'pl')).hexdigest())"
    )
    runs = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }

    assert len(runs) == 1
    assert render_pdf(R4_2, "pl") == render_pdf(R4_2, "pl")


def test_loading_the_api_loads_nothing_that_prints() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, tocsin.app; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert not {"typst", "facturx", "lxml", "pypdf"} & set(loaded)


def fonts_of(page: DictionaryObject) -> list[Any]:
    resources = cast("dict[str, Any]", page["/Resources"])
    return [font.get_object() for font in resources["/Font"].values()]


def embedded(font: Any) -> bool:
    """Whether the font's own file is in the document."""
    descendant = font["/DescendantFonts"][0].get_object()
    return bool({"/FontFile", "/FontFile2", "/FontFile3"} & set(descendant["/FontDescriptor"]))
