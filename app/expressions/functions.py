"""Functions that expressions may call in addition to CEL's own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import quote

from app.common.files.data_files import without_collected_data
from app.common.files.html_elements import LINES, PARAGRAPHS
from app.common.files.html_text import html_to_text
from app.expressions.adf import adf_to_html
from app.expressions.short_messages import cut_to_messages
from app.expressions.times import read_time

#: Longest text that is read as loose JSON, or written in another form.
LONGEST_TEXT = 200_000
#: Longest HTML that is read, without the pictures in it, or that a document becomes.
LONGEST_HTML = 500_000
_LOOSE_TOKEN = re.compile(r"""\s*(?:([{}\[\],:])|"((?:[^"\\]|\\.)*)"|([^{}\[\],:"]+))""")
_INLINE = "a|b|big|br|code|del|em|font|hr|i|img|ins|s|small|span|strike|strong|sub|sup|tt|u"
_BLOCKS = "|".join(
    sorted({*LINES, *PARAGRAPHS, "body", "center", "head", "html", "style", "tbody", "td", "th", "thead"})
)
#: A tag of HTML: `<b>` and `<b class="x">`, but not `a<b and c>d`, where nothing is assigned.
_TAG = re.compile(
    rf"</?(?:{_INLINE}|{_BLOCKS})"
    r"(?:\s++[a-z:-]++\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|[^\s\"'<>]++))*+\s*+/?>",
    re.IGNORECASE,
)
_ESCAPED_TAG = re.compile("&(?:lt|#0*60|#x0*3c);", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def time(value: Any, *options: str) -> str | None:
    """Return the instant as text, such as 2026-05-04T13:20:00.000000Z: two of these compare as times do."""
    instant = read_time(value, *options)
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def number(value: Any) -> int | float | None:
    """Return the number in a text such as "1,000,000" or "12.5"."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise ValueError("bad_number")
    if not isinstance(value, str):
        return value
    text = re.sub(r"[\s_'’]", "", value)
    if not text:
        return None
    # A comma before groups of three digits separates thousands; otherwise the mapping must define its
    # meaning.
    text = re.sub(r",(?=\d{3}(?:\D|$))", "", text)
    if not _NUMBER.fullmatch(text):
        raise ValueError("bad_number")
    return float(text) if "." in text else int(text)


def plain_text(value: Any) -> str | None:
    """Return the text of HTML, also where the HTML was escaped once more. Text without a tag of HTML is plain
    already: its lines are kept, and so is text between `<` and `>`.
    """
    if value is None:
        return None
    text = _as_text(value)
    if "<" not in text and _ESCAPED_TAG.search(text):
        text = unescape(text)
    text = without_collected_data(text)[:LONGEST_HTML]
    return html_to_text(text) if _TAG.search(text) else unescape(text)


def unescape_text(value: Any) -> str | None:
    """Return the text with the characters that its HTML entities stand for; what looks like a tag stays."""
    return None if value is None else unescape(_as_text(value))


def adf_to_text(value: Any) -> str | None:
    """Return the plain text of a document in the Atlassian Document Format; a value that is no JSON object is
    returned as text. Raises LookupError for an object that is no document.
    """
    if not isinstance(value, dict):
        return None if value is None else _as_text(value)
    if value.keys().isdisjoint(("content", "text")):
        raise LookupError("missing: the content of a document")
    pieces, length = [], 0
    for piece in adf_to_html(value):
        pieces.append(piece)
        length += len(piece)
        if length > LONGEST_HTML:
            break
    return html_to_text(without_collected_data("".join(pieces))[:LONGEST_HTML])


def loose_json(value: Any) -> Any:
    """Return the value of a text like {status:{from:4,to:6}}: JSON, whose names and texts may lack quotes."""
    if value is None:
        return None
    text = _as_text(value)[:LONGEST_TEXT]
    try:
        return json.loads(text)
    except ValueError:
        pass
    tokens = [token for token in _LOOSE_TOKEN.finditer(text) if token[0].strip()]
    try:
        read, rest = _loose_value(tokens, 0, 32)
    except (IndexError, RecursionError) as error:
        raise ValueError("bad_json") from error
    if rest != len(tokens):
        raise ValueError("bad_json")
    return read


def base64_json(value: Any) -> Any:
    """Return the JSON that is written in base64."""
    try:
        return json.loads(base64.b64decode(_as_text(value), validate=True))
    except ValueError as error:
        raise ValueError("bad_base64") from error


def truncate(value: Any, length: int) -> str | None:
    """Return the text with at most so many characters; one that is cut ends with "…"."""
    if value is None:
        return None
    text = _as_text(value)
    return text if len(text) <= length else text[: max(0, length - 1)].rstrip() + "…"


def text_to_adf(value: Any) -> dict[str, Any]:
    """Return the text as a document in the Atlassian Document Format: a paragraph for each line."""
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []}
        for line in _as_text("" if value is None else value)[:LONGEST_TEXT].split("\n")
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def url_encode(value: Any) -> str:
    """Return the text as it stands in a part of an address."""
    return quote(_as_text(value), safe="")


def get(value: Any, path: str, *default: Any) -> Any:
    """Return the value at a path such as "issue.assignee.login": null if a value on the way is null; unset if
    a member on the way is missing. A default replaces both.
    """
    for name in path.split("."):
        if value is None:
            break
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif default:
            return default[0]
        elif isinstance(value, dict | list):
            raise LookupError(f"missing: {path}")
        else:
            raise ValueError("not_a_map")
    return default[0] if default and value is None else value


def pick(value: Any, name: str) -> Any:
    """Return the field of a map, and anything else as it is: for tools that write "7" or {"value": "7"}."""
    return get(value, name) if isinstance(value, dict) else value


def text(value: Any) -> str | None:
    """Return a text, number or truth value as text."""
    return None if value is None else _as_text(value)


def lines(value: Any) -> str:
    """Return a map as lines such as "host: db-1", for people to read; what is nested in it stays JSON."""
    if not isinstance(value, dict):
        return _as_line(value)
    return "\n".join(f"{name}: {_as_line(each)}" for name, each in sorted(value.items()) if each is not None)


def omit(value: Any, names: Any) -> Any:
    """Return a map without these names, and without those that begin with `__`, which only programs use."""
    if not isinstance(value, dict) or not isinstance(names, list):
        raise ValueError("not_a_map")
    return {
        name: each for name, each in value.items() if name not in names and not str(name).startswith("__")
    }


def paragraphs(value: Any) -> str | None:
    """Return the texts of a list as paragraphs, each once; null if all are empty."""
    if not isinstance(value, list):
        raise ValueError("not_a_text")
    texts = dict.fromkeys(_as_text(each).strip() for each in value if each is not None)
    return "\n\n".join(text for text in texts if text) or None


def json_text(value: Any) -> str:
    """Return the value as a text of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sms(value: Any, parts: int = 1) -> str | None:
    """Return the text, cut to what so many short messages hold: 160 characters, or 70 with Chinese."""
    return None if value is None else cut_to_messages(_as_text(value)[:LONGEST_TEXT], parts)


def digest(value: Any) -> str:
    """Return 32 characters that stand for the value, whatever the order of its names."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


#: The functions by their names in expressions, with the numbers of arguments that they take.
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "time": (time, (1, 2, 3)),
    "number": (number, (1,)),
    "html_to_text": (plain_text, (1,)),
    "unescape": (unescape_text, (1,)),
    "adf_to_text": (adf_to_text, (1,)),
    "text_to_adf": (text_to_adf, (1,)),
    "url_encode": (url_encode, (1,)),
    "loose_json": (loose_json, (1,)),
    "base64_json": (base64_json, (1,)),
    "truncate": (truncate, (2,)),
    "get": (get, (2, 3)),
    "pick": (pick, (2,)),
    "text": (text, (1,)),
    "lines": (lines, (1,)),
    "omit": (omit, (2,)),
    "paragraphs": (paragraphs, (1,)),
    "digest": (digest, (1,)),
    "json": (json_text, (1,)),
    "sms": (sms, (1, 2)),
}


def _as_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("not_a_text")


def _loose_value(tokens: list[re.Match[str]], place: int, depth: int) -> tuple[Any, int]:
    sign, quoted, bare = tokens[place].groups()
    if quoted is not None:
        return quoted, place + 1
    if bare is not None:
        word = bare.strip()
        constants = {"true": True, "false": False, "null": None}
        return constants.get(word, int(word) if re.fullmatch(r"-?\d{1,15}", word) else word), place + 1
    if sign not in ("{", "[") or depth == 0:
        raise ValueError("bad_json")
    members: dict[str, Any] = {}
    each: list[Any] = []
    place += 1
    while tokens[place][1] not in ("}", "]"):
        value, place = _loose_value(tokens, place, depth - 1)
        if sign == "{":
            if tokens[place][1] != ":":
                raise ValueError("bad_json")
            members[str(value)], place = _loose_value(tokens, place + 1, depth - 1)
        else:
            each.append(value)
        if tokens[place][1] == ",":
            place += 1
    if tokens[place][1] != ("}" if sign == "{" else "]"):
        raise ValueError("bad_json")
    return (members if sign == "{" else each), place + 1
