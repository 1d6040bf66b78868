"""Debian's Chromium, driven by Playwright; what went wrong on a page is collected, so that no test overlooks it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, Request, ViewportSize, async_playwright

EXECUTABLE = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}


def installed() -> bool:
    """Whether this machine can run browser tests."""
    return Path(EXECUTABLE).exists()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless browser; open a context of its own for each test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


def troubles(page: Page) -> list[str]:
    """A list that fills with script errors, policy violations and failed downloads of `page` as they happen."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"script error: {error}"))
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # leaving a page ends what it was still loading
            found.append(f"not loaded: {request.url}")

    page.on("requestfailed", failed)
    return found
