"""The Atlassian Document Format, in which Jira writes its comments and descriptions, as HTML (pure).

A document is a tree of nodes: blocks such as paragraphs and lists, and in them texts, mentions and breaks. Of
a node that is not known here, what it contains is taken over.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

#: Deepest nesting of nodes. What the editor writes is within ten.
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
}
#: In these the first paragraph stands on the line that is begun already.
_BEGIN_A_LINE = frozenset({"listItem", "tableHeader", "tableCell"})
_WITHOUT_CONTENT = {"hardBreak": "<br>", "rule": "<hr>"}
#: The attribute that says what a reader sees of a node.
_SHOWN = {"mention": "text", "emoji": "text", "status": "text", "placeholder": "text"}
_CARDS = frozenset({"inlineCard", "blockCard", "embedCard"})
_MEDIA = frozenset({"media", "mediaInline"})


def adf_to_html(node: Any, depth: int = 0) -> Iterator[str]:
    """Yield the HTML of a node, piece by piece. Raises ValueError if it is no node, or nested too deeply."""
    if not isinstance(node, dict) or depth > DEEPEST_NODE:
        raise ValueError("bad_document")
    kind, attributes = str(node.get("type")), node.get("attrs")
    attributes = attributes if isinstance(attributes, dict) else {}
    if kind in _WITHOUT_CONTENT:
        yield _WITHOUT_CONTENT[kind]
    elif kind in _SHOWN:
        yield _escaped(attributes.get(_SHOWN[kind]) or attributes.get("shortName"))
    elif kind in _CARDS:
        yield _escaped(attributes.get("url"))
    elif kind in _MEDIA:
        yield f"[{_escaped(attributes.get('alt')) or 'media'}]"
    elif "text" in node:
        yield _text(node)
    else:
        tag = _TAGS.get(kind)
        yield f"<{tag}>" if tag else ""
        yield from _content(node, depth + 1)
        yield f"</{tag}>" if tag else ""


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
    escaped, marks = _escaped(node["text"]), node.get("marks")
    for mark in marks if isinstance(marks, list) else []:
        if isinstance(mark, dict) and mark.get("type") == "link" and isinstance(mark.get("attrs"), dict):
            return f'<a href="{_escaped(mark["attrs"].get("href"))}">{escaped}</a>'
    return escaped


def _escaped(value: Any) -> str:
    if not isinstance(value, str | None):
        raise ValueError("bad_document")
    return escape(value or "")
