"""Files that travel with a mail."""

from dataclasses import dataclass

LARGEST_BYTES = 5_000_000
"""What a mail takes along at most: encoded it grows by a third, and many servers refuse mails over 10 MB."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file under the name that the reader sees."""

    name: str
    media_type: str  # e.g. "application/pdf"
    content: bytes
