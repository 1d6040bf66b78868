"""Vendored front-end files are what the lock says, unchanged, and the lock names no host."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANIFEST: dict[str, dict[str, str]] = json.loads((ROOT / "src/tocsin/web/static/vendor/MANIFEST.json").read_text())
VENDORED = [ROOT / "src/tocsin/web/static/vendor", ROOT / "tests/browser/vendor"]


@pytest.mark.parametrize("path", MANIFEST)
def test_a_vendored_file_is_the_one_in_the_manifest(path: str) -> None:
    digest = hashlib.sha256((ROOT / path).read_bytes()).hexdigest()

    assert digest == MANIFEST[path]["sha256"], f"{path} was changed: run scripts/vendor-assets"


def test_every_vendored_file_is_in_the_manifest() -> None:
    files = {str(file.relative_to(ROOT)) for folder in VENDORED for file in folder.iterdir()}

    assert files - {"src/tocsin/web/static/vendor/MANIFEST.json"} == set(MANIFEST)


@pytest.mark.parametrize("path", MANIFEST)
def test_a_vendored_file_has_the_version_that_the_lock_pins(path: str) -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())

    pinned = lock["packages"][f"node_modules/{MANIFEST[path]['package']}"]

    assert pinned["version"] == MANIFEST[path]["version"]
    assert pinned["integrity"].startswith("sha512-")


@pytest.mark.parametrize("name", ["package.json", "package-lock.json", ".npmrc"])
def test_no_registry_host_stands_in_the_package_files(name: str) -> None:
    text = (ROOT / name).read_text()

    assert not re.search(r"https?://|resolved\"|registry\s*=", text)
