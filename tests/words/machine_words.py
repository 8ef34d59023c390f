"""Signs of a program in texts for people, and the few values that may stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.words.shown import copied_values, shown_texts

SIGNS = {
    "a backtick": re.compile(r"`"),
    "null": re.compile(r"\bnull\b|\bundefined\b|\bNaN\b|\{\}|\[object\b"),
    "key of": re.compile(r"\b[Ii]ds?(?: or (?:keys?|numbers?))* of\b|\b[Kk]eys? of\b|的键(?!盘)|的标识符"),
    "a path": re.compile(r"(?<![\w.:/…])/[a-z_]\w*(?:[/?]|\b)"),
    "a UUID": re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
    "a code": re.compile(r"(?<![\w@./-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b(?![.@])"),
    "an instant": re.compile(r"\d{4}-\d\d-\d\dT\d\d:"),
    "seconds": re.compile(
        r"\bin seconds\b|以秒|秒数"
        r"|(?<!min )(?<!分 )(?<![\d.,])(?:[6-9]\d|\d[\d,]{2,})(?:\.\d+)? ?(?:s|sec|seconds?|秒)(?![a-z])"
    ),
    "JSON": re.compile(r"\bJSON\b|\bISO 8601\b|\b[Bb]oolean\b|\bUUID\b|\b(?:True|False)\b"),
}


@dataclass(frozen=True)
class Exemption:
    """A value that may stand on pages whose path begins so, and the reason."""

    path: re.Pattern[str]
    value: re.Pattern[str]
    reason: str


ANYWHERE = re.compile("")
EXEMPT = (
    Exemption(
        ANYWHERE,
        re.compile(r"(?:Error reference: |错误编号：)[0-9a-f-]{36}"),
        "Somebody copies it for the administrator, who looks for it in the log.",
    ),
    Exemption(
        re.compile("/dashboard/report"),
        re.compile(r"/dashboard/report\?\S+"),
        "The address under which a printed report is found again.",
    ),
    Exemption(
        re.compile("/desk/(?:new/)?(?:catalogue_item|discovery|subscription)/"),
        re.compile(r"JSON schema|JSON Schema|A JSON object per line|TOML (?:or|或) JSON"),
        "The format of what an administrator enters or uploads.",
    ),
    Exemption(
        re.compile("/desk/webhook_source/"),
        re.compile(r"\w+ = '[^']*'"),
        "A line of a mapping, which administrators copy.",
    ),
)
#: Paths of pages with values to be copied, as secrets and addresses. Elsewhere only keys of the keyboard are
#: marked so.
WITH_VALUES_TO_COPY = re.compile("/dashboard/integrations|/sign-in")
OF_THE_KEYBOARD = re.compile(r"\S|\[ \]|[a-z] [a-z]|(?:(?:Shift|Ctrl)\+)?(?:Enter|[a-z])|Esc")


def signs_in(text: str) -> Iterator[str]:
    """Yield each sign of a program in the text, with the words around it."""
    for name, pattern in SIGNS.items():
        for match in pattern.finditer(text):
            around = text[max(0, match.start() - 50) : match.end() + 50]
            yield f"{name}: {match[0]!r} in {around!r}"


def faults_of_text(path: str, text: str) -> Iterator[str]:
    """Yield the signs of a program in a text of the page at that path, apart from what is exempt."""
    for exemption in EXEMPT:
        if exemption.path.match(path):
            text = exemption.value.sub("·", text)
    yield from signs_in(text)


def faults_of_page(path: str, html: str) -> Iterator[str]:
    """Yield the signs of a program in the words of the page at that path, apart from what is exempt."""
    for text in shown_texts(html):
        yield from faults_of_text(path, text)
    if not WITH_VALUES_TO_COPY.match(path):
        for value in copied_values(html):
            if not OF_THE_KEYBOARD.fullmatch(value):
                yield f"a value to be copied: {value[:60]!r}"
