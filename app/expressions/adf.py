"""The Atlassian Document Format, in which Jira writes its comments and descriptions, as HTML (pure).

A document is a tree of nodes: blocks such as paragraphs and lists, and in them texts, mentions and breaks.
The content of an unknown node is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Any

#: Deepest accepted nesting of nodes. The editor itself nests at most ten deep.
DEEPEST_NODE = 50
_TAGS = {
    "paragraph": "p",
    "heading": "h1",
    "blockquote": "blockquote",
    "bulletList": "ul",
    "orderedList": "ol",
    "taskList": "ul",
    "decisionList": "ul",
    "listItem": "li",
    "taskItem": "li",
    "decisionItem": "li",
    "codeBlock": "pre",
    "panel": "div",
    "table": "table",
    "tableRow": "tr",
    "tableHeader": "th",
    "tableCell": "td",
    "blockTaskItem": "li",
    "mediaSingle": "div",
    "mediaGroup": "div",
    "caption": "div",
}
#: Nodes that stand in lines of their own, with or without content.
_BLOCKS = frozenset({"blockCard", "embedCard", "media", "extension", "bodiedExtension"})
#: In these the first paragraph stands on the line that is begun already.
_BEGIN_A_LINE = frozenset({"listItem", "tableHeader", "tableCell"})
_WITHOUT_CONTENT = {"hardBreak": "<br>", "rule": "<hr>"}
#: Attribute with the text that a reader sees for a node.
_SHOWN = {"mention": "text", "emoji": "text", "status": "text", "placeholder": "text"}
_CARDS = frozenset({"inlineCard", "blockCard", "embedCard"})
_MEDIA = frozenset({"media", "mediaInline"})
_EXTENSIONS = frozenset({"extension", "inlineExtension", "bodiedExtension"})
_EXPANDS = frozenset({"expand", "nestedExpand"})
_BOX = {"DONE": "[x] ", "TODO": "[ ] "}
_BOXES = {"taskItem": _BOX, "blockTaskItem": _BOX}


def adf_to_html(node: Any, depth: int = 0) -> Iterator[str]:
    """Yield the HTML of a node, piece by piece. Raises ValueError if it is no node, or nested too deeply."""
    if not isinstance(node, dict) or depth > DEEPEST_NODE:
        raise ValueError("bad_document")
    kind, attributes = str(node.get("type")), node.get("attrs")
    attributes = attributes if isinstance(attributes, dict) else {}
    yield "<div>" if kind in _BLOCKS else ""
    if kind in _WITHOUT_CONTENT:
        yield _WITHOUT_CONTENT[kind]
    elif kind in _SHOWN:
        yield _shown(kind, attributes)
    elif kind == "date":
        yield _day(attributes.get("timestamp"))
    elif kind in _CARDS:
        yield _card(attributes)
    elif kind in _MEDIA:
        yield _media(attributes)
    elif "text" in node:
        yield _text(node)
    else:
        tag = _TAGS.get(kind)
        yield f"<{tag}{_start(kind, attributes)}>" if tag else ""
        if kind in _EXTENSIONS:
            yield _escaped(attributes.get("text"))
        if kind in _EXPANDS and attributes.get("title"):
            yield f"<p>{_escaped(attributes['title'])}</p>"
        yield _BOXES.get(kind, {}).get(str(attributes.get("state")), "")
        yield from _content(node, depth + 1)
        yield f"</{tag}>" if tag else ""
    yield "</div>" if kind in _BLOCKS else ""


def _shown(kind: str, attributes: dict[str, Any]) -> str:
    """Return what a reader sees of a node; of a person without a name their id."""
    text = attributes.get(_SHOWN[kind]) or attributes.get("shortName")
    name = attributes.get("id") if kind == "mention" and not text else None
    return f"@{_escaped(name)}" if name else _escaped(text)


def _content(node: dict[str, Any], depth: int) -> Iterator[str]:
    inner = node.get("content")
    inner = inner if isinstance(inner, list) else []
    begins = str(node.get("type")) in _BEGIN_A_LINE
    if begins and inner and isinstance(inner[0], dict) and inner[0].get("type") == "paragraph":
        yield from _content(inner[0], depth)
        inner = inner[1:]
    for each in inner:
        yield from adf_to_html(each, depth)


def _text(node: dict[str, Any]) -> str:
    html, marks = _escaped(node["text"]), node.get("marks")
    for mark in marks if isinstance(marks, list) else []:
        if not isinstance(mark, dict):
            continue
        attributes = mark.get("attrs")
        attributes = attributes if isinstance(attributes, dict) else {}
        match mark.get("type"), attributes.get("type"):
            case "link", _ if attributes:
                html = f'<a href="{_escaped(attributes.get("href"))}">{html}</a>'
            case "strike", _:
                html = f"<s>{html}</s>"
            case "subsup", "sub" | "sup" as tag:
                html = f"<{tag}>{html}</{tag}>"
    return html


def _start(kind: str, attributes: dict[str, Any]) -> str:
    """Return the attribute of the number with which a numbered list begins, if that is not 1."""
    order = attributes.get("order")
    return f' start="{order}"' if kind == "orderedList" and type(order) is int and order != 1 else ""


def _day(timestamp: Any) -> str:
    """Return the day of a date, which is sent as the milliseconds since 1970 of its midnight in UTC."""
    try:
        return datetime.fromtimestamp(int(timestamp) / 1000, UTC).date().isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return _escaped(timestamp) if isinstance(timestamp, str) else ""


def _card(attributes: dict[str, Any]) -> str:
    """Return the address of a card; of one that holds data in place of an address, its name as a link."""
    data = attributes.get("data")
    if attributes.get("url") or not isinstance(data, dict):
        return _escaped(attributes.get("url"))
    url, name = _escaped(data.get("url")), _escaped(data.get("name"))
    return f'<a href="{url}">{name}</a>' if url and name else url or name


def _media(attributes: dict[str, Any]) -> str:
    """Return what a file or picture is called, and its address if it lies elsewhere."""
    name = next((each for key in ("alt", "__fileName") if (each := _escaped(attributes.get(key)))), "")
    url = _escaped(attributes.get("url")) if attributes.get("type") == "external" else ""
    if url:
        return f'<a href="{url}">[{name or "picture"}]</a>'
    return f"[{name or 'media'}]"


def _escaped(value: Any) -> str:
    if not isinstance(value, str | None):
        raise ValueError("bad_document")
    return escape(value or "")
