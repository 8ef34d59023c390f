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

    def _compare(self, example: str, answer: httpx.Response) -> None:
        head, _, body = example.partition("\n\n")
        first, *lines = head.splitlines()
        context = f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {answer.text}"
        assert first.split()[1] == str(answer.status_code), context
        for line in lines:
            name, _, value = line.partition(": ")
            self._text(value, answer.headers.get(name, ""), f"{name} of {context}")
        if body:
            self._value(_read(body), answer.json(), context)

    def _value(self, example: Any, real: Any, context: str) -> None:
        assert type(example) is type(real), f"{example!r} is {real!r}: {context}"
        if isinstance(example, dict):
            missing = example.keys() - real.keys() - {CUT}
            more = real.keys() - example.keys()
            assert not missing, f"{missing} is not there: {context}"
            assert not more or CUT in example, f"{more} is not shown: {context}"
            for name in example.keys() - {CUT}:
                self._value(example[name], real[name], context)
        elif isinstance(example, list):
            self._items(example, real, context)
        elif isinstance(example, str):
            self._text(example, real, context)
        else:
            assert example == real, context

    def _items(self, example: list[Any], real: list[Any], context: str) -> None:
        """All items; with `…` among them, those that are shown, in their order."""
        if CUT not in example:
            assert len(example) == len(real), context
            for expected, actual in zip(example, real, strict=True):
                self._value(expected, actual, context)
            return
        left = iter(real)
        for expected in (item for item in example if item != CUT):
            assert any(self._fits(expected, other, context) for other in left), (
                f"{expected} is not in {real}: {context}"
            )

    def _fits(self, example: Any, real: Any, context: str) -> bool:
        """Whether it is the one that is shown; if not, nothing was learnt from it."""
        names = dict(self.names)
        try:
            self._value(example, real, context)
        except AssertionError:
            self.names = names
            return False
        return True

    def _text(self, example: str, real: str, context: str) -> None:
        if self._named(example) == real:
            return
        assert real, f"{example} is missing: {context}"
        if CUT in example:
            self._cut(example, real, context)
            return
        for pattern in VOLATILE:
            pairs = pattern.findall(self._named(example)), pattern.findall(real)
            for placeholder, value in zip(*pairs, strict=False):
                self.names.setdefault(placeholder, value)
        assert self._named(example) == real, f"{example!r} is {real!r}: {context}"

    def _cut(self, example: str, real: str, context: str) -> None:
        """A text of which a piece is shown in short, an ETag or a cursor, stands for the whole of it."""
        (short,) = re.findall(rf'[^\s"=</]+{CUT}', example)
        before, _, after = self._named(example).partition(short)
        if short in example and short not in self.names:
            value = real.removeprefix(before).removesuffix(after)
            self.names[short] = value
        assert self._named(example) == real, f"{example!r} is {real!r}: {context}"

    def _named(self, example: str) -> str:
        """The text with what is so in this run in the place of what is shown."""
        for name in sorted(self.names, key=len, reverse=True):
            example = example.replace(name, self.names[name])
        return example


def _read(body: str) -> Any:
    """What is shown as JSON, with `…` for whatever else is there."""
    quoted = re.sub(rf"{CUT}(?=\s*\}})", f'"{CUT}": ""', body)
    return json.loads(re.sub(rf"{CUT}(?=\s*[\],])", f'"{CUT}"', quoted))
