"""A browser without a screen: keeps cookies, sends forms with their token, follows redirects when told to."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape

import aiohttp
from argon2 import PasswordHasher
from tests.support.makers import START, Tenant, make_contact, make_user

from tocsin.accounts import store
from tocsin.accounts.model import Role, User
from tocsin.accounts.sign_in import store as sign_in_store
from tocsin.db import Databases

PASSWORD = "correct horse battery staple"  # the password of every person that `add_person` makes
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


@dataclass
class Answer:
    """A page that came back, read whole."""

    status: int
    path: str
    text: str
    headers: Mapping[str, str]
    cookies: list[str] = field(default_factory=list)
    location: str = ""

    def __contains__(self, text: str) -> bool:
        return text in unescape(self.text)

    def field(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', self.text)
        assert found is not None, f"no field {name} on {self.path}"
        return unescape(found.group(1))

    def find(self, pattern: str) -> str:
        """The first group of a pattern in the page."""
        found = re.search(pattern, self.text)
        assert found is not None, f"no {pattern} on {self.path}"
        return unescape(found.group(1))


class Browsing:
    """One person's browser. `get` and `post` follow redirects; `send` does not."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.csrf_token = ""

    async def send(
        self, verb: str, where: str, headers: dict[str, str] | None = None, /, **fields: str | list[str]
    ) -> Answer:
        """One request, one answer. Fields make a form, with the token of the page that was read last."""
        return await self._request(verb, where, headers, fields)

    async def _request(
        self, verb: str, where: str, headers: dict[str, str] | None, fields: Mapping[str, str | list[str]]
    ) -> Answer:
        data = None
        if verb == "POST":
            form = {"csrf_token": self.csrf_token, **fields}
            data = aiohttp.FormData([
                (name, one) for name, value in form.items() for one in (value if isinstance(value, list) else [value])
            ])  # fmt: skip
        async with self.session.request(verb, where, data=data, headers=headers, allow_redirects=False) as response:
            text = await response.text(errors="replace")
            if found := re.search(r'name="csrf-token" content="([^"]+)"', text):
                self.csrf_token = found.group(1)
            return Answer(
                response.status, where, text, response.headers, response.headers.getall("Set-Cookie", []),
                response.headers.get("Location", ""),
            )  # fmt: skip

    async def get(self, path: str, /) -> Answer:
        """The page at the end of all redirects."""
        return await self._follow(await self.send("GET", path))

    async def post(self, path: str, /, **fields: str | list[str]) -> Answer:
        """The page that a form leads to."""
        return await self._follow(await self._request("POST", path, None, fields))

    async def sign_in(self, user: User, password: str = PASSWORD) -> Answer:
        """Sign in by name and password. Raises: AssertionError if that does not lead in."""
        await self.send("GET", "/sign-in")
        answer = await self.send("POST", "/sign-in", username=user.username, password=password)
        assert answer.status == 303, answer.text
        if "second-factor" not in answer.location:
            await self.get("/confirm")
        return answer

    async def _follow(self, answer: Answer) -> Answer:
        for _ in range(5):
            if answer.status != 303:
                return answer
            answer = await self.send("GET", answer.location)
        raise AssertionError(f"redirects without end: {answer.location}")


@asynccontextmanager
async def browsing(base_url: str) -> AsyncIterator[Browsing]:
    """A fresh browser."""
    jar = aiohttp.CookieJar(unsafe=True)  # it would keep no cookies of an address of numbers
    async with aiohttp.ClientSession(base_url, cookie_jar=jar) as session:
        yield Browsing(session)


async def add_person(databases: Databases, tenant: Tenant, username: str | None = None, role: Role = Role.USER) -> User:
    """One more person in the tenant's account, who can sign in by PASSWORD."""
    user = make_user(tenant.account_id, username, role=role)
    async with databases.engine.transaction() as tx:
        await store.insert_user(tx, user, PASSWORD_HASH)
        await store.insert_contact(tx, make_contact(user))
    return user


async def give_password(databases: Databases, user: User) -> User:
    """The person can sign in by PASSWORD from now on."""
    async with databases.engine.transaction() as tx:
        await sign_in_store.set_password_hash(tx, user.account_id, user.id, PASSWORD_HASH)
    return user


__all__ = ["PASSWORD", "START", "Answer", "Browsing", "add_person", "browsing", "give_password"]
