"""Rendering of a template: the request that it makes of an event, and what it makes of an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from app.expressions.language import MISSING, ExpressionFailed, Variables
from app.expressions.values import TooDeep, plain_value
from app.expressions.written_documents import Path
from app.subscriptions.templates.parse import ANSWERS, REQUESTS, RequestTemplate

LARGEST_BODY = 65_536
LONGEST_HEADER = 1_000
LONGEST_QUERY = 1_500
MOST_VALUES = 50
#: Nesting of a body, and of a value that expressions see.
DEEPEST = 32
DEEPEST_SEEN = 64
_HEADER_TEXT = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_FORM = "application/x-www-form-urlencoded"
_TYPES = {"json": "application/json", "text": "text/plain; charset=utf-8"}


class TemplateFailed(Exception):
    """The template gives no request for this event, or no meaning of this answer.

    `code` is `template_failed`, or `template_limit` where it took too much time or memory, which may have
    been the machine's fault. `key` is the key of the template; `reason` may repeat values of the event.
    """

    def __init__(self, code: str, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}" if key else reason)
        self.code, self.key, self.reason = code, key, reason


FAILED, LIMIT = "template_failed", "template_limit"


class RenderedRequest(NamedTuple):
    """A request without its address, which the query is added to, and without the secret's header."""

    method: str
    query: str
    headers: dict[str, str]
    body: bytes
    authorization: str | None


def render_request(template: RequestTemplate, values: Mapping[str, Any]) -> RenderedRequest:
    """Return the request that the template makes of these values. Raises TemplateFailed."""
    document = template.document
    try:
        plain_values = {name: plain_value(value, DEEPEST_SEEN) for name, value in values.items()}
    except (TooDeep, RecursionError) as error:
        raise TemplateFailed(FAILED, "", "the event is nested too deeply") from error
    evaluation = _Evaluation(template, REQUESTS.variables(plain_values))
    query = urlencode(evaluation.fields("query", document.query))
    if len(query) > LONGEST_QUERY:
        raise TemplateFailed(FAILED, "query", f"it is longer than {LONGEST_QUERY:,} characters")
    headers = {name: evaluation.header(name) for name in document.headers}
    kind, body = _body(template, evaluation)
    if kind is not None:
        headers["content-type"] = kind
    if len(body) > LARGEST_BODY:
        raise TemplateFailed(FAILED, "body", f"it is larger than {LARGEST_BODY:,} bytes")
    sent_headers = {name: text for name, text in headers.items() if text is not None}
    return RenderedRequest(document.method, query, sent_headers, body, document.authorization)


def is_success(template: RequestTemplate, status: int, body: bytes) -> bool:
    """Return whether the answer is a success, by the template. Raises TemplateFailed."""
    if template.document.success is None:
        return True
    text = body.decode("utf-8", errors="replace")
    try:
        answer = plain_value(json.loads(text), DEEPEST_SEEN)
    except (ValueError, RecursionError, TooDeep):
        answer = plain_value(text, 0)
    evaluation = _Evaluation(template, ANSWERS.variables({"status": status, "answer": answer}))
    value = evaluation.value(("success",))
    if not isinstance(value, bool):
        raise TemplateFailed(FAILED, "success", "it is neither true nor false")
    return value


def _body(template: RequestTemplate, evaluation: _Evaluation) -> tuple[str | None, bytes]:
    """Return the content type and the body; None: there is no body."""
    document = template.document
    if document.form is not None:
        return _FORM, urlencode(evaluation.fields("form", document.form)).encode("ascii")
    if document.json_ is not None:
        return document.content_type or _TYPES["json"], evaluation.json(("json",))
    if document.text is not None:
        text = evaluation.scalar(("text",))
        return document.content_type or _TYPES["text"], evaluation.encode(("text",), text or "")
    return None, b""


class _Evaluation:
    """Evaluates the expressions of a template on one event or answer."""

    def __init__(self, template: RequestTemplate, variables: Variables) -> None:
        self._template, self._variables = template, variables

    def value(self, path: Path) -> Any:
        """Return the value of an expression, which must be there."""
        try:
            value = self._template.compiled[path].value(self._variables)
        except ExpressionFailed as error:
            raise _failed(path, str(error)) from error
        if value is MISSING:
            raise _failed(path, "it refers to a value that the event does not have")
        return value

    def scalar(self, path: Path) -> str | None:
        """Return a text, number or truth value as text; None: it is null."""
        return _scalar(path, self.value(path))

    def fields(self, table: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the fields of a table with their texts: for a list one for each element, for null no
        field.
        """
        fields: list[tuple[str, str]] = []
        for name in names:
            path = (table, name)
            value = self.value(path)
            values = value if isinstance(value, list) else [value]
            if len(values) > MOST_VALUES:
                raise _failed(path, f"it has more than {MOST_VALUES} elements")
            for each in values:
                text = _scalar(path, each)
                if text is not None:
                    self.encode(path, text)
                    fields.append((name, text))
            if sum(len(text) for _, text in fields) > LARGEST_BODY:
                raise _failed(path, f"it is larger than {LARGEST_BODY:,} bytes")
        return fields

    def header(self, name: str) -> str | None:
        """Return the text of a header; None: it is null."""
        path = ("headers", name)
        text = self.scalar(path)
        if text is None:
            return None
        if len(text) > LONGEST_HEADER:
            raise _failed(path, f"it is longer than {LONGEST_HEADER:,} characters")
        if not _HEADER_TEXT.fullmatch(text):
            raise _failed(path, "a header can only contain visible ASCII characters")
        return text

    def json(self, path: Path) -> bytes:
        """Return the value of an expression as JSON."""
        try:
            value = _plain_json(path, self.value(path), DEEPEST)
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except (ValueError, RecursionError) as error:
            raise _failed(path, "it has no form in JSON") from error
        return self.encode(path, text)

    def encode(self, path: Path, text: str) -> bytes:
        """Return the text as UTF-8."""
        try:
            return text.encode()
        except UnicodeEncodeError as error:
            raise _failed(path, "it has characters that cannot be sent") from error


def _failed(path: Path, reason: str) -> TemplateFailed:
    return TemplateFailed(FAILED, ".".join(map(str, path)), reason)


def _scalar(path: Path, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    raise _failed(path, "it is not a text, number or truth value")


def _plain_json(path: Path, value: Any, depth: int) -> Any:
    """Return the value as JSON has it."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if depth == 0:
        raise _failed(path, f"it is nested deeper than {DEEPEST}")
    if isinstance(value, list):
        return [_plain_json(path, each, depth - 1) for each in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: _plain_json(path, each, depth - 1) for name, each in value.items()}
    raise _failed(path, "it has no form in JSON")
