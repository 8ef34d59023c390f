"""The preview of a delivery: the result of such headers and such a body by the source's present mapping.
Nothing is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from app.api.pages.sent_forms import SentForm
from app.dashboard.integrations.deliveries import integration_sentence
from app.dashboard.opening import DashboardPage
from app.desk.values import EMPTY
from app.i18n import sentences

#: Headers that describe how the page sends its request, and so cannot be those of the delivery.
OWN_HEADERS = re.compile(
    r"accept(-.*)?|authorization|cookie|host|content-(length|encoding)|idempotency-key|if-.*|user-agent"
    r"|origin|referer|sec-.*|connection|te|x-forwarded-.*|transfer-encoding",
    re.IGNORECASE,
)
HEADER_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:[ \t]*([\x20-\x7e]*)")
JSON_HEADERS = "content-type: application/json"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")


@dataclass(frozen=True, slots=True)
class PreviewNews:
    """A piece of news: its kind in words, and its values by their names."""

    kind: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PreviewForm:
    """The form with its inputs, and its answer: `fault` describes the error, `mapping_key` its place in the
    mapping; `ignored` is the reason why it has no result.
    """

    headers: str = JSON_HEADERS
    body: str = ""
    is_answered: bool = False
    fault: str = ""
    mapping_key: str | None = None
    ignored: str | None = None
    news: Sequence[PreviewNews] = ()

    @classmethod
    def of_delivery(cls, headers: Mapping[str, str], body: str) -> PreviewForm:
        """Return the form with the headers and the body of a delivery."""
        lines = (f"{name}: {text}" for name, text in headers.items() if not OWN_HEADERS.fullmatch(name))
        return cls("\n".join(lines), body)


NO_PREVIEW = PreviewForm()


async def preview(page: DashboardPage, key: str, form: SentForm) -> PreviewForm:
    """Return the form as it was sent, with the result of the source's mapping. A refusal of the API is its
    fault.
    """
    lines = form.first_value("headers").replace("\r\n", "\n")
    body = form.first_value("body").replace("\r\n", "\n")
    headers = {"content-type": "application/json"}
    for line in filter(None, map(str.strip, lines.split("\n"))):
        match = HEADER_LINE.fullmatch(line)
        if match is None:
            fault = integration_sentence(page, "no_header", line=line)
            return PreviewForm(lines, body, is_answered=True, fault=fault)
        if not OWN_HEADERS.fullmatch(match[1]):
            headers[match[1].lower()] = match[2]
    path = f"/v1/webhooks/{quote(key, safe='')}/preview"
    answer = await page.desk.calls.send("POST", path, body=body.encode(), headers=headers)
    document = answer.document
    if not answer.is_success:
        fault = f"{document['title']}: {document['detail']}"
        return PreviewForm(lines, body, is_answered=True, fault=fault)
    fault = integration_sentence(page, "does_not_fit", why=document["failure"]) if document["failure"] else ""
    return PreviewForm(
        lines,
        body,
        is_answered=True,
        fault=fault,
        mapping_key=document["mapping_key"],
        ignored=document["ignored"],
        news=[_news(page, news) for news in document["news"]],
    )


def _news(page: DashboardPage, news: Mapping[str, Any]) -> PreviewNews:
    code = f"news_{news['kind']}"
    kind = integration_sentence(page, code) if code in sentences("en")["integrations"] else news["kind"]
    fields = {name: value for name, value in news.items() if name != "kind"}
    return PreviewNews(kind, list(_facts(page, fields)))


def _facts(page: DashboardPage, fields: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Yield each field with its value, and those of a field that has fields beneath it."""
    for name, value in fields.items():
        if isinstance(value, dict) and not within:
            yield from _facts(page, value, f"{name}.")
        elif isinstance(value, dict | list):
            yield f"{within}{name}", json.dumps(value, ensure_ascii=False)
        elif value in EMPTY:
            yield f"{within}{name}", "–"
        elif isinstance(value, str) and INSTANT.fullmatch(value):
            yield f"{within}{name}", page.desk.display.instant(value)
        else:
            yield f"{within}{name}", str(value)
