"""Structured invoices: valid by the schema and by the business rules of EN 16931, and planted errors are found.

Must show: a Factur-X invoice, a reverse-charge invoice and a credit note that pass both, without network.
"""

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, cast
from uuid import UUID

import pytest
from lxml import etree
from pypdf import PdfReader
from tests.support.documents import AMERICAN, GERMAN, POLISH, SELLER, make_document, seats
from tests.support.schematron import broken_rules

from tocsin.billing import tax
from tocsin.billing.documents import xmp
from tocsin.billing.documents.einvoice import RAM, UDT, check_schema, facturx_pdf, xml
from tocsin.billing.documents.pdf import render_pdf
from tocsin.billing.model import Document, DocumentKind, DocumentStatus, Line, LineKind
from tocsin.errors import Invalid

NAMES = {"ram": RAM, "udt": UDT}
EARLIER = UUID("018f3f5e-0000-7000-8000-00000000000a")

ORDERED = make_document(
    [
        seats(570_000, 25, 22_800, detail={"plan_name": "Standard", "interval": "year"}),
        Line(LineKind.STAKEHOLDERS, "standard", 400, 0, 0),
    ],
    collection="invoice",
    po_number="4500-77",
    buyer=replace(POLISH, reference="IT / 2026"),
)

UPGRADE = make_document(  # R6.3: a line that gives back, and one over two tiers
    [
        seats(-6032, 10, plan="essentials", days_left=17, days=31, credits=EARLIER),
        seats(74_416, 60, days_left=17, days=31, detail={"tiers": [(50, 2300), (10, 2070)]}),
        Line(LineKind.MESSAGES, "us_ca", 225, 2250, 10, date(2026, 2, 10), date(2026, 3, 10)),
        Line(LineKind.MINUTES, "us_ca", 28, 280, 10, date(2026, 2, 10), date(2026, 3, 10)),
        Line(LineKind.CARRIED, "", 1, 312),
    ],
    paid_minor=10_000,
)

REVERSE_CHARGE = make_document([seats(23_000, 10, 2300)], buyer=GERMAN, currency="EUR")

CREDIT = make_document(
    [seats(1533, 10, days_left=2, days=30, credits=EARLIER)],
    kind=DocumentKind.CREDIT_NOTE,
    status=DocumentStatus.ISSUED,
    number="CN/2026/00001",
    credits_number="INV/2026/00001",
    paid_minor=1886,
    due_at=None,
)

ABROAD = make_document([seats(23_000, 10, 2300)], buyer=replace(AMERICAN, vat_id="12-3456789"))
UNREGISTERED = make_document([seats(23_000, 10, 2300)], seller=replace(SELLER, vat_id=""))
NAMELESS = make_document([seats(23_000, 10, 2300)], seller=replace(SELLER, vat_id="", registration=""))


def moved_abroad() -> Document:
    """A customer who moved away: what is credited bears the tax it was debited with, the new time none."""
    lines = (
        seats(-6032, 10, plan="essentials", credits=EARLIER, tax_rate_bp=2300),
        seats(12_613, 10, tax_category="O"),
    )
    totals = tax.totals(lines)
    return replace(
        ABROAD,
        lines=lines,
        taxes=totals.taxes,
        net_minor=totals.net_minor,
        tax_minor=totals.tax_minor,
        gross_minor=totals.gross_minor,
    )


SAMPLES = {
    "ordered": ORDERED,
    "paid in full": replace(ORDERED, paid_minor=ORDERED.gross_minor),
    "upgrade": UPGRADE,
    "reverse charge": REVERSE_CHARGE,
    "credit note": CREDIT,
    "outside the Union": ABROAD,
    "seller not registered": UNREGISTERED,
    "seller without any number": NAMELESS,
    "credited at home, charged abroad": moved_abroad(),
    "yen": replace(ORDERED, currency="JPY"),
    "long address": replace(ORDERED, buyer=replace(POLISH, address=("a", "b", "c", "d"), postal_code="")),
}


def find(content: bytes, path: str) -> list[str]:
    """The texts of the elements at `path`."""
    return [element.text or "" for element in etree.fromstring(content).findall(f".//{path}", NAMES)]


@pytest.mark.parametrize("document", SAMPLES.values(), ids=SAMPLES.keys())
def test_must_show_7_documents_keep_the_schema_and_the_rules(document: Document) -> None:
    made = xml(document)

    check_schema(made)
    assert broken_rules(made) == []


def test_r4_2_the_order_and_the_amounts_are_in_the_structured_invoice() -> None:
    made = xml(ORDERED)

    assert find(made, "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID") == ["4500-77"]
    assert find(made, "ram:BuyerReference") == ["IT / 2026"]
    assert find(made, "ram:TaxBasisTotalAmount") == ["5700.00"]
    assert find(made, "ram:TaxTotalAmount") == ["1311.00"]
    assert find(made, "ram:GrandTotalAmount") == ["7011.00"]
    assert find(made, "ram:DuePayableAmount") == ["7011.00"]
    assert find(made, "ram:DueDateDateTime/udt:DateTimeString") == ["20260423"]
    assert find(made, "ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode") == ["30"]
    assert find(made, "ram:IBANID") == [SELLER.iban]
    assert find(made, "ram:SpecifiedTradePaymentTerms/ram:Description") == ["Płatne do 23 kwietnia 2026"]


def test_r7_2_reverse_charge_has_category_reason_and_both_vat_ids() -> None:
    made = xml(REVERSE_CHARGE)

    assert find(made, "ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:CategoryCode") == ["AE"]
    assert find(made, "ram:ExemptionReasonCode") == ["VATEX-EU-AE"]
    assert find(made, "ram:ExemptionReason")[0].startswith("Reverse charge")
    assert find(made, "ram:SpecifiedTaxRegistration/ram:ID") == ["PL8567346215", "DE136695976"]
    assert find(made, "ram:TaxTotalAmount") == ["0.00"]


def test_a_credit_note_is_381_names_the_invoice_and_is_above_zero() -> None:
    made = xml(CREDIT)

    assert find(made, "ram:TypeCode")[0] == "381"
    assert find(made, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == ["INV/2026/00001"]
    assert find(made, "ram:DuePayableAmount") == ["18.86"]
    assert find(made, "ram:BilledQuantity") == ["1"]


def test_a_line_that_gives_back_has_a_quantity_below_zero_and_a_price_above() -> None:
    made = xml(UPGRADE)

    assert find(made, "ram:BilledQuantity") == ["-1", "1", "225", "28", "1"]
    assert find(made, "ram:NetPriceProductTradePrice/ram:ChargeAmount") == ["60.32", "744.16", "0.10", "0.10", "3.12"]
    assert find(made, "ram:LineTotalAmount")[:2] == ["-60.32", "744.16"]
    assert find(made, "ram:TotalPrepaidAmount") == ["100.00"]
    units = [element.get("unitCode") for element in etree.fromstring(made).iter(f"{{{RAM}}}BilledQuantity")]
    assert units == ["C62", "C62", "C62", "MIN", "C62"]


def test_quantity_times_price_is_the_line_amount() -> None:
    for document in SAMPLES.values():
        for item in etree.fromstring(xml(document)).iter(f"{{{RAM}}}IncludedSupplyChainTradeLineItem"):
            quantity, price, amount = (
                float(item.findtext(f".//ram:{name}", namespaces=NAMES) or "")
                for name in ("BilledQuantity", "ChargeAmount", "LineTotalAmount")
            )
            assert round(quantity * price, 2) == amount


def set_text(path: str, text: str) -> Callable[[Any], None]:
    def plant(root: Any) -> None:
        root.find(f".//{path}", NAMES).text = text

    return plant


def set_attribute(path: str, name: str, value: str) -> Callable[[Any], None]:
    def plant(root: Any) -> None:
        root.find(f".//{path}", NAMES).set(name, value)

    return plant


def remove(path: str) -> Callable[[Any], None]:
    def plant(root: Any) -> None:
        found = root.find(f".//{path}", NAMES)
        found.getparent().remove(found)

    return plant


HEADER_TAX = "ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax"
LINE_TAX = "ram:SpecifiedLineTradeSettlement/ram:ApplicableTradeTax"


@pytest.mark.parametrize(
    ("document", "plant", "rule"),
    [
        (ORDERED, set_text("ram:GrandTotalAmount", "7011.01"), "BR-CO-15"),
        (ORDERED, set_text("ram:DuePayableAmount", "1.00"), "BR-CO-16"),
        (ORDERED, set_text("ram:TaxBasisTotalAmount", "5699.00"), "BR-CO-13"),
        (ORDERED, set_text(f"{HEADER_TAX}/ram:CalculatedAmount", "1311.50"), "BR-CO-14"),
        (ORDERED, set_text("ram:LineTotalAmount", "1.00"), "BR-CO-10"),
        (ORDERED, set_text("ram:InvoiceCurrencyCode", "XYZ"), "'ram:InvoiceCurrencyCode' is not allowed"),
        (ORDERED, set_attribute("ram:BilledQuantity", "unitCode", "seats"), "'@unitCode' is not allowed"),
        (ORDERED, set_text("ram:CountryID", "XX"), "'ram:CountryID' is not allowed"),
        (ORDERED, set_text(f"{LINE_TAX}/ram:CategoryCode", "E"), "BR-E-01"),
        (ORDERED, set_text(f"{HEADER_TAX}/ram:RateApplicablePercent", "22"), "BR-S-08"),
        (ORDERED, set_text("ram:ChargeAmount", "-228.00"), "BR-27"),
        (ORDERED, remove("ram:IBANID"), "BR-50"),
        (REVERSE_CHARGE, remove("ram:BuyerTradeParty/ram:SpecifiedTaxRegistration"), "BR-AE-02"),
        (ABROAD, set_attribute("ram:SpecifiedTaxRegistration/ram:ID", "schemeID", "VA"), "BR-O-02"),
    ],
)
def test_must_show_7_a_planted_error_breaks_its_rule(
    document: Document, plant: Callable[[Any], None], rule: str
) -> None:
    root = etree.fromstring(xml(document))
    plant(root)

    broken = broken_rules(etree.tostring(root))

    assert any(rule in each for each in broken)


@pytest.mark.parametrize(
    "plant",
    [
        remove("ram:ApplicableHeaderTradeDelivery"),  # with it BT-72, the day of supply
        remove("ram:InvoiceCurrencyCode"),
        remove("ram:GrandTotalAmount"),
        remove("ram:SpecifiedTradeProduct"),
        set_text("ram:GrandTotalAmount", "7 011,00"),
        set_attribute("udt:DateTimeString", "colour", "blue"),
    ],
)
def test_must_show_7_what_is_missing_or_malformed_breaks_the_schema(plant: Callable[[Any], None]) -> None:
    root = etree.fromstring(xml(ORDERED))
    plant(root)

    with pytest.raises(Invalid, match="not valid"):
        check_schema(etree.tostring(root))


def test_what_a_customer_writes_is_text() -> None:
    nasty = "<a>&amp; ]]> \x00\x0b 中文 😀"

    made = xml(replace(ORDERED, buyer=replace(POLISH, name=nasty), po_number=nasty))

    assert find(made, "ram:BuyerTradeParty/ram:Name") == ["<a>&amp; ]]>  中文 😀"]
    assert broken_rules(made) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [({"number": None}, "finalised"), ({"seller": None}, "finalised"), ({"gross_minor": -1}, "less than nothing")],
)
def test_what_is_not_final_has_no_structured_form(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        xml(replace(ORDERED, **change))


@pytest.mark.parametrize("document", [ORDERED, REVERSE_CHARGE, CREDIT], ids=["ordered", "reverse charge", "credit"])
def test_must_show_7_a_factur_x_file_is_pdf_a_3_with_the_xml_inside(document: Document) -> None:
    made = facturx_pdf(document, "pl")

    reader = PdfReader(io.BytesIO(made), strict=True)
    root = cast("dict[str, Any]", reader.root_object)
    said = root["/Metadata"].get_data().decode()
    attached = root["/AF"][0].get_object()
    assert reader.attachments["factur-x.xml"] == [xml(document)]
    assert (attached["/AFRelationship"], attached["/UF"]) == ("/Alternative", "factur-x.xml")
    assert attached["/EF"]["/F"].get_object()["/Subtype"] == "/text/xml"
    assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in said
    assert "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>" in said
    assert said.count(f"<pdfaSchema:namespaceURI>{xmp.NAMESPACE}</pdfaSchema:namespaceURI>") == 1
    assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in said
    etree.fromstring(said.partition("?>")[2].rpartition("<?xpacket")[0])
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"


def test_a_factur_x_file_is_read_by_the_library_of_that_name() -> None:
    """In a process of its own: the library sets up logging when it is loaded."""
    program = (
        "import sys, facturx; from lxml import etree;"
        "name, xml = facturx.get_xml_from_pdf(sys.stdin.buffer.read());"
        "print(name, facturx.get_flavor(etree.fromstring(xml)), facturx.get_level(etree.fromstring(xml)))"
    )

    read = subprocess.run(
        [sys.executable, "-c", program], input=facturx_pdf(ORDERED, "en"), capture_output=True, check=True
    )

    assert read.stdout.decode().split() == ["factur-x.xml", "factur-x", "en16931"]


def test_the_same_document_is_the_same_file_and_its_pages_are_those_of_the_plain_one() -> None:
    made = facturx_pdf(ORDERED, "pl")

    assert made == facturx_pdf(ORDERED, "pl")
    assert [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages] == [
        page.extract_text() for page in PdfReader(io.BytesIO(render_pdf(ORDERED, "pl"))).pages
    ]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 hello", b"trailer\n<</Size 1/ID[(a)(b)]>>\nstartxref\n1\n%%EOF"])
def test_a_file_that_typst_did_not_write_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match="not built as expected"):
        xmp.as_facturx(content)
