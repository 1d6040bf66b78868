"""What has to be known of a buyer before an invoice can be made out to him. Pure.

Source: VAT Directive article 226; licensing requirements R4.4, R7.2
"""

from collections.abc import Mapping

from tocsin.billing.model import Buyer
from tocsin.errors import Invalid
from tocsin.i18n import N_
from tocsin.licensing.places import is_country

LABELS: Mapping[str, str] = {
    "name": N_("Legal name"),
    "street": N_("Street and number"),
    "city": N_("City"),
    "country": N_("Country"),
    "emails": N_("Invoices go to"),
}
"""The needed fields as the form calls them."""
API_NAMES: Mapping[str, str] = {"street": "address", "vat_id": "vatId"}
"""What the API calls a field of the form otherwise."""
ADDRESS_FIRST = N_(
    "Fill in the billing address first: invoices need a legal name, street, city and country, and somebody to mail them"
    " to."
)


class AddressMissing(Invalid):
    """Nothing can be bought before it is known whom the invoice is for. `fields` are the missing ones, as the form
    calls them; `errors` has them as the API does.
    """

    def __init__(self, missing: Mapping[str, str]) -> None:
        super().__init__(ADDRESS_FIRST, {API_NAMES.get(field, field): text for field, text in missing.items()})
        self.fields = tuple(missing)


def missing(buyer: Buyer) -> dict[str, str]:
    """What an invoice needs and the buyer has not said: field of the form → what to do."""
    given = {"name": buyer.name, "street": " ".join(buyer.address), "city": buyer.city}
    found = {field: N_("Invoices need this.") for field, text in given.items() if not text}
    if not is_country(buyer.country):
        found["country"] = N_("Choose the country: taxes depend on it.")
    if not buyer.emails:
        found["emails"] = N_("Say where invoices are mailed to.")
    return found


def refuse_nameless(buyer: Buyer) -> None:
    """Raises: AddressMissing for a buyer to whom no invoice can be made out."""
    found = missing(buyer)
    if found:
        raise AddressMissing(found)
