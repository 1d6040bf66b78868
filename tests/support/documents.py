"""Makers of sellers, buyers, lines and documents, with the figures of the test price book."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from tocsin.billing import tax
from tocsin.billing.model import Buyer, Document, DocumentKind, DocumentStatus, Line, LineKind, Seller
from tocsin.billing.vat_id import check_format

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)

SELLER = Seller(
    name="Dzwon Sp. z o.o.",
    address=("ul. Dzwonna 4",),
    postal_code="00-001",
    city="Warszawa",
    country="PL",
    vat_id="PL8567346215",
    registration="KRS 0000123456",
    email="faktury@dzwon.example",
    phone="+48 22 555 01 00",
    bank_name="Bank Przykładowy S.A.",
    iban="PL61109010140000071219812874",
    bic="WBKPPLPP",
)

POLISH = Buyer(
    name="Gęśla i Jaźń S.A.",
    address=("ul. Żółkiewskiego 7/3",),
    postal_code="31-539",
    city="Kraków",
    country="PL",
    vat_id="PL5260001246",
    emails=("ksiegowosc@jazn.example",),
    locale="pl",
)

GERMAN = Buyer(
    name="Beispiel & Söhne GmbH",
    address=("Musterstraße 12", "Hinterhaus"),
    postal_code="10115",
    city="Berlin",
    country="DE",
    vat_id="DE136695976",
    emails=("rechnung@beispiel.example",),
)

AMERICAN = Buyer(
    name="Acme Corp.",
    address=("1 Main Street",),
    postal_code="94105",
    city="San Francisco",
    country="US",
)


def seats(
    amount_minor: int, quantity: int, unit_minor: int | None = None, plan: str = "standard", **changes: object
) -> Line:
    """A line of seats; March to April 2026 unless `changes` say otherwise."""
    line = Line(
        LineKind.SEATS,
        plan,
        quantity,
        amount_minor,
        unit_minor,
        starts_on=date(2026, 3, 10),
        ends_on=date(2026, 4, 10),
    )
    return replace(line, **changes)  # type: ignore[arg-type]  # the caller's fields are the line's own


def make_document(lines: Sequence[Line], buyer: Buyer = POLISH, seller: Seller = SELLER, **changes: object) -> Document:
    """A finalised invoice of `lines`, taxed as a sale of `seller` to `buyer`; any field may be changed."""
    treatment = tax.treatment(seller, buyer, check_format(buyer.vat_id, buyer.country, NOON), NOON)
    taxed = tuple(replace(line, tax_category=treatment.category, tax_rate_bp=treatment.rate_bp) for line in lines)
    totals = tax.totals(taxed)
    document = Document(
        account_id=42,
        id=UUID("018f3f5e-0000-7000-8000-000000000001"),
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.OPEN,
        number="INV/2026/00001",
        currency="USD",
        dated_on=date(2026, 3, 24),
        issued_at=NOON,
        due_at=datetime(2026, 4, 23, 12, tzinfo=UTC),
        lines=taxed,
        taxes=totals.taxes,
        net_minor=totals.net_minor,
        tax_minor=totals.tax_minor,
        gross_minor=totals.gross_minor,
        paid_minor=0,
        seller=seller,
        buyer=buyer,
        notes=treatment.notes,
    )
    return replace(document, **changes)  # type: ignore[arg-type]  # the caller's fields are the document's own
