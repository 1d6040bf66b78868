"""Metadata that make a PDF/A-3 with an attached invoice a Factur-X file. Pure.

typst attaches the XML as the standard wants, and cannot say so in the metadata (XMP). The metadata are replaced by an
update at the file's end, which PDF was made for: what is before it stays as it was, byte for byte. Source: Factur-X
1.09, "XMP metadata"; ISO 32000-1, 7.5.6 "Incremental updates"
"""

import re
from hashlib import md5

from tocsin.errors import Invalid

VERSION = "1.0"  # of the XMP schema, not of Factur-X
PROFILE = "EN 16931"
NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
PROPERTIES = {
    "DocumentFileName": "name of the embedded XML invoice file",
    "DocumentType": "INVOICE",
    "Version": "The actual version of the Factur-X XML schema",
    "ConformanceLevel": "The conformance level of the embedded Factur-X data",
}

_METADATA = re.compile(rb"(\d+) 0 obj\n<</Length \d+/Type/Metadata/Subtype/XML>>\nstream\n(.*?)\nendstream", re.DOTALL)
_TRAILER = re.compile(rb"trailer\n<</Size (\d+)(.*?)/ID\[\(([^)]+)\)\([^)]+\)\]>>\nstartxref\n(\d+)\n%%EOF", re.DOTALL)

_SAID = f"""<rdf:Description rdf:about="" xmlns:fx="{NAMESPACE}">\
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>\
<fx:Version>{VERSION}</fx:Version><fx:ConformanceLevel>{PROFILE}</fx:ConformanceLevel></rdf:Description>"""

_SCHEMA = (
    '<rdf:li rdf:parseType="Resource">'
    "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
    f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI>"
    "<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>"
    + "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        for name, description in PROPERTIES.items()
    )
    + "</rdf:Seq></pdfaSchema:property></rdf:li>"
)


def as_facturx(pdf: bytes) -> bytes:
    """The same PDF, which now says that it is Factur-X. Raises: Invalid when it is not one as typst writes it."""
    found, trailer = list(_METADATA.finditer(pdf)), _TRAILER.search(pdf, pdf.rfind(b"trailer"))
    if len(found) != 1 or trailer is None:
        raise Invalid("The printed document is not built as expected, so its metadata cannot be completed.")
    number, before = int(found[0][1]), found[0][2].decode()
    content = _completed(before).encode()
    body = b"%d 0 obj\n<</Length %d/Type/Metadata/Subtype/XML>>\nstream\n%b\nendstream\nendobj\n" % (
        number,
        len(content),
        content,
    )
    start = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    table = b"xref\n%d 1\n%010d 00000 n\r\n" % (number, len(start))
    version = md5(start + body, usedforsecurity=False).hexdigest().upper().encode()
    end = b"trailer\n<</Size %b%b/ID[(%b)<%b>]/Prev %b>>\nstartxref\n%d\n%%%%EOF\n" % (
        trailer[1],
        trailer[2],
        trailer[3],
        version,
        trailer[4],
        len(start) + len(body),
    )
    return start + body + table + end


def _completed(before: str) -> str:
    """The metadata with our properties, and with the schema that says what they are."""
    schemas, description = "</rdf:Bag></pdfaExtension:schemas>", "</rdf:RDF>"
    if before.count(schemas) != 1 or before.count(description) != 1:
        raise Invalid("The printed document's metadata are not built as expected.")
    return before.replace(schemas, _SCHEMA + schemas).replace(description, _SAID + description)
