"""Forms of pages, read and sent as a browser without scripts does it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx

from tests.client import Client

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class ReadForm(HTMLParser):
    """The form of class `action` on a page: by the name of an input what a browser would send of it, and the
    ids of elements that say what is wrong.
    """

    inputs: dict[str, list[str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    faults: set[str] = field(default_factory=set)
    _inside: bool = False
    _select: str | None = None
    _option: str | None = None
    _textarea: str | None = None
    _help: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes what the element would send."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = "action" in attributes.get("class", "")
        if attributes.get("id", "").endswith("-help"):
            self._help = attributes["id"]
        if "fault" in attributes.get("class", "").split():
            self.faults.add(self._help)
        if not self._inside:
            return
        if tag in ("input", "select", "textarea", "button") and "name" in attributes:
            self.named.add(attributes["name"])
        if attributes.get("type") == "file":
            return  # it is sent as a file, and not at all if none was chosen
        if tag == "input" and (attributes.get("type") != "checkbox" or "checked" in attributes):
            self._add(attributes["name"], attributes.get("value", ""))
        elif tag == "select":
            self._select, self._option = attributes["name"], None
        elif (
            tag == "option"
            and self._select is not None
            and (self._option is None or "selected" in attributes)
        ):
            self._option = attributes.get("value", "")
        elif tag == "textarea":
            self._textarea = attributes["name"]
            self._add(attributes["name"], "")

    def handle_data(self, data: str) -> None:
        """Takes the text of a textarea, without the line break after its tag."""
        if self._textarea is not None:
            self.inputs[self._textarea][-1] += data

    def handle_endtag(self, tag: str) -> None:
        """Ends the element."""
        if tag == "form":
            self._inside = False
        elif tag == "select" and self._select is not None:
            self._add(self._select, self._option or "")
            self._select = None
        elif tag == "textarea" and self._textarea is not None:
            last = self.inputs[self._textarea]
            last[-1] = last[-1].removeprefix("\n")
            self._textarea = None

    def _add(self, name: str, value: str) -> None:
        self.inputs.setdefault(name, []).append(value)


def said(html: str) -> str:
    """What the page says, without its head, in a line."""
    return " ".join(re.sub(r"<[^>]*>", " ", html.partition("<main")[2]).split())[:600]


def read_form(html: str) -> ReadForm:
    """The form on the page."""
    form = ReadForm()
    form.feed(html)
    return form


async def send_form(client: Client, path: str, inputs: dict[str, list[str]]) -> httpx.Response:
    """What a form's sending is answered with."""
    return await client.post(path, content=urlencode(inputs, doseq=True), headers=FORM)
