"""Requests and answers in a page of the docs: carried out one after the other, compared with what is shown.

What differs in each run (ids, times, numbers, cursors, ETags) stands for what came in its place, there and in
the requests that follow. `…` stands for more members, more items, or the rest of a text that nobody reads.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.client import Client

BLOCK = re.compile(r"^```http\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Texts that differ in each run, and what each must look like.
VOLATILE = [
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"),
    re.compile(r"INC-\d{4}-\d{6,}"),
]
CUT = "…"


@dataclass(frozen=True)
class Exchange:
    """A request as it is shown, and what is shown as its answer."""

    request: str
    answer: str


def exchanges(page: str) -> list[Exchange]:
    """Those of the page, in order: a block with a request is followed by one with its answer."""
    blocks = BLOCK.findall(page)
    assert [block.startswith("HTTP/") for block in blocks] == [False, True] * (len(blocks) // 2)
    return [Exchange(*pair) for pair in zip(blocks[::2], blocks[1::2], strict=True)]


@dataclass
class Reader:
    """Somebody who does what the page says. `names` are what is shown there for what is so in this run."""

    client: Client
    names: dict[str, str] = field(default_factory=dict)

    async def does(self, exchange: Exchange) -> None:
        """Sends the request; fails if the answer is not as it is shown."""
        head, _, body = self._named(exchange.request).partition("\n\n")
        first, *lines = head.splitlines()
        method, _, path = first.partition(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        headers.pop("Authorization", None)
        if body:
            headers["Content-Type"] = "application/json"
        answer = await self.client.request(method, path, headers=headers, content=body.encode() or None)
        self._compare(exchange.answer, answer)

    def _compare(self, shown: str, answer: httpx.Response) -> None:
        head, _, body = shown.partition("\n\n")
        first, *lines = head.splitlines()
        said = f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {answer.text}"
        assert first.split()[1] == str(answer.status_code), said
        for line in lines:
            name, _, value = line.partition(": ")
            self._text(value, answer.headers.get(name, ""), f"{name} of {said}")
        if body:
            self._value(_read(body), answer.json(), said)

    def _value(self, shown: Any, real: Any, said: str) -> None:
        assert type(shown) is type(real), f"{shown!r} is {real!r}: {said}"
        if isinstance(shown, dict):
            missing = shown.keys() - real.keys() - {CUT}
            more = real.keys() - shown.keys()
            assert not missing, f"{missing} is not there: {said}"
            assert not more or CUT in shown, f"{more} is not shown: {said}"
            for name in shown.keys() - {CUT}:
                self._value(shown[name], real[name], said)
        elif isinstance(shown, list):
            self._items(shown, real, said)
        elif isinstance(shown, str):
            self._text(shown, real, said)
        else:
            assert shown == real, said

    def _items(self, shown: list[Any], real: list[Any], said: str) -> None:
        """All items; with `…` among them, those that are shown, in their order."""
        if CUT not in shown:
            assert len(shown) == len(real), said
            for one, other in zip(shown, real, strict=True):
                self._value(one, other, said)
            return
        left = iter(real)
        for one in (item for item in shown if item != CUT):
            assert any(self._fits(one, other, said) for other in left), f"{one} is not in {real}: {said}"

    def _fits(self, shown: Any, real: Any, said: str) -> bool:
        """Whether it is the one that is shown; if not, nothing was learnt from it."""
        names = dict(self.names)
        try:
            self._value(shown, real, said)
        except AssertionError:
            self.names = names
            return False
        return True

    def _text(self, shown: str, real: str, said: str) -> None:
        if self._named(shown) == real:
            return
        assert real, f"{shown} is missing: {said}"
        if CUT in shown:
            self._cut(shown, real, said)
            return
        for pattern in VOLATILE:
            pairs = pattern.findall(self._named(shown)), pattern.findall(real)
            for one, other in zip(*pairs, strict=False):
                self.names.setdefault(one, other)
        assert self._named(shown) == real, f"{shown!r} is {real!r}: {said}"

    def _cut(self, shown: str, real: str, said: str) -> None:
        """A text of which a piece is shown in short, an ETag or a cursor, stands for the whole of it."""
        (short,) = re.findall(rf'[^\s"=</]+{CUT}', shown)
        before, _, after = self._named(shown).partition(short)
        if short in shown and short not in self.names:
            whole = real.removeprefix(before).removesuffix(after)
            self.names[short] = whole
        assert self._named(shown) == real, f"{shown!r} is {real!r}: {said}"

    def _named(self, shown: str) -> str:
        """The text with what is so in this run in the place of what is shown."""
        for one in sorted(self.names, key=len, reverse=True):
            shown = shown.replace(one, self.names[one])
        return shown


def _read(body: str) -> Any:
    """What is shown as JSON, with `…` for whatever else is there."""
    whole = re.sub(rf"{CUT}(?=\s*\}})", f'"{CUT}": ""', body)
    return json.loads(re.sub(rf"{CUT}(?=\s*[\],])", f'"{CUT}"', whole))
