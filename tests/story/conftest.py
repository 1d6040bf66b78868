from collections.abc import Iterator

import pytest

from tocsin.rehearsal.scratch import Scratch, scratch_server


@pytest.fixture(scope="session")
def scratch() -> Iterator[Scratch]:
    """A server that rehearsals take turns on."""
    with scratch_server() as started:
        yield started
