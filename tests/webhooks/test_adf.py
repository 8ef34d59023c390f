"""Documents in the Atlassian Document Format become texts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.expressions.adf import DEEPEST_NODE, adf_to_html
from app.expressions.functions import LONGEST_HTML, adf_to_text
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.parse import parse_mapping
from app.webhooks.mapping.updates import CommentUpdate, MappingFailed
from tests.webhooks.payloads import RECEIVED_AT

MAPPING = "[[news]]\nkind='comment'\ncase='\"1\"'\nid='\"2\"'\ntext='adf_to_text(body.text)'\n"


def node(kind: str, *content: Any, **attributes: Any) -> dict[str, Any]:
    return {"type": kind, "content": list(content), "attrs": attributes}


def text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": words, "marks": list(marks)}


def item(words: str, *more: Any) -> dict[str, Any]:
    return node("listItem", node("paragraph", text(words)), *more)


def document(*content: Any) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(content)}


LINK = {"type": "link", "attrs": {"href": "https://example.org/?a=1&b=2"}}
#: By what a reader sees, the blocks of a document.
SEEN: dict[str, tuple[Any, ...]] = {
    "Title\n\nOne\n\nTwo": (
        node("heading", text("Title"), level=1),
        node("paragraph", text("One")),
        node("paragraph", text("Two")),
    ),
    "Hi @Ann, a < b &\nmore": (
        node(
            "paragraph",
            text("Hi "),
            {"type": "mention", "attrs": {"id": "5b", "text": "@Ann"}},
            text(", a "),
            text("< b", {"type": "strong"}),
            text(" &"),
            {"type": "hardBreak"},
            text("more"),
        ),
    ),
    "Look here <https://example.org/?a=1&b=2>": (node("paragraph", text("Look "), text("here", LINK)),),
    "https://example.org/1 😀 DONE": (
        node(
            "paragraph",
            {"type": "inlineCard", "attrs": {"url": "https://example.org/1"}},
            text(" "),
            {"type": "emoji", "attrs": {"shortName": ":grinning:", "text": "😀"}},
            text(" "),
            {"type": "status", "attrs": {"text": "DONE", "color": "green"}},
        ),
    ),
    "@5b10 and @Ada": (
        node(
            "paragraph",
            {"type": "mention", "attrs": {"id": "5b10"}},
            text(" and "),
            {"type": "mention", "attrs": {"id": "5b11", "text": "@Ada"}},
        ),
    ),
    "- one\n- two": (node("bulletList", item("one"), item("two")),),
    "1. one\n  - in it\n2. two": (
        node("orderedList", item("one", node("bulletList", item("in it"))), item("two")),
    ),
    "> said\n\ndef f():\n  pass": (
        node("blockquote", node("paragraph", text("said"))),
        node("codeBlock", text("def f():\n  pass"), language="python"),
    ),
    "a | b": (
        node(
            "table",
            node("tableRow", *(node("tableCell", node("paragraph", text(word))) for word in "ab")),
        ),
    ),
    "[a shot]\n[media]": (
        node(
            "paragraph",
            {"type": "mediaInline", "attrs": {"alt": "a shot"}},
            {"type": "hardBreak"},
            {"type": "mediaInline"},
        ),
    ),
    "still told": (node("of_tomorrow", node("paragraph", node("inline_of_tomorrow", text("still told")))),),
}


@pytest.mark.parametrize("text", SEEN)
def test_a_document_becomes_what_a_reader_sees(text: str) -> None:
    (news,) = parse_mapping(MAPPING, "test").evaluate(delivery(document(*SEEN[text]))).news
    assert isinstance(news, CommentUpdate)
    assert news.text == text


#: By the HTML that is made of it, an inline or block node.
HTML: dict[str, dict[str, Any]] = {
    "2026-12-01": node("date", timestamp="1796083200000"),
    "soon": node("date", timestamp="soon"),
    "<s>all</s>": text("all", {"type": "strike"}),
    "<sup>6</sup>": text("6", {"type": "subsup", "attrs": {"type": "sup"}}),
    '<s><a href="file://srv/x">here</a></s>': text(
        "here", {"type": "link", "attrs": {"href": "file://srv/x"}}, {"type": "strike"}
    ),
    "<ul><li>[x] Backup</li><li>[ ] Restore</li></ul>": node(
        "taskList",
        node("taskItem", text("Backup"), state="DONE"),
        node("taskItem", text("Restore"), state="TODO"),
    ),
    '<ol start="4"><li>Stop</li></ol>': node("orderedList", item("Stop"), order=4),
    "<p>Only on db-1</p><p>Drop it</p>": node(
        "expand", node("paragraph", text("Drop it")), title="Only on db-1"
    ),
    '<a href="https://wiki.example/1">Runbook</a>': node(
        "inlineCard", data={"@type": "Document", "url": "https://wiki.example/1", "name": "Runbook"}
    ),
}


@pytest.mark.parametrize("html", HTML)
def test_what_a_node_means_is_said_in_elements_of_html(html: str) -> None:
    assert "".join(adf_to_html(HTML[html])) == html


def test_a_text_stays_as_it_is_and_nothing_stays_nothing() -> None:
    assert adf_to_text("<p>as it is") == "<p>as it is"
    assert adf_to_text(None) is None


@pytest.mark.parametrize(
    ("document_sent", "code"),
    [
        ({"type": "doc", "content": ["words"]}, "expression_failed"),
        ({"type": "doc", "content": [{"type": "text", "text": 7}]}, "expression_failed"),
        ([], "expression_failed"),
    ],
)
def test_what_is_no_document_fails_in_words(document_sent: Any, code: str) -> None:
    with pytest.raises(MappingFailed) as failed:
        parse_mapping(MAPPING, "test").evaluate(delivery(document_sent))
    assert failed.value.code == code


def test_a_comment_of_an_empty_document_says_that_it_has_no_words() -> None:
    (comment,) = parse_mapping(MAPPING, "test").evaluate(delivery({"type": "doc"})).news
    assert isinstance(comment, CommentUpdate)
    assert (comment.text, comment.altered) == ("(no text)", {"text": ["left_out"]})


def test_nodes_are_read_to_a_bounded_depth_and_length() -> None:
    deep = text("down here")
    for _ in range(DEEPEST_NODE):
        deep = node("panel", deep)
    assert adf_to_text(deep) == "down here"
    with pytest.raises(ValueError, match="bad_document"):
        adf_to_text(node("panel", deep))
    result = adf_to_text(document(*[node("paragraph", text("x" * 99))] * 10_000))
    assert result is not None
    assert LONGEST_HTML * 0.9 < len(result) <= LONGEST_HTML


def delivery(values: Any) -> Delivery:
    return Delivery({}, json.dumps({"text": values}).encode(), RECEIVED_AT)


def test_cards_pictures_and_extensions_stand_alone_with_their_text() -> None:
    picture = node("media", type="external", url="https://x.example/p.png")
    blocks = document(
        node("mediaSingle", picture, node("caption", text("Caption"))),
        node("mediaGroup", *(node("media", type="file", __fileName=f"{n}.pdf") for n in "ab")),
        *(node(kind, url=f"https://x.example/{kind}") for kind in ("blockCard", "embedCard")),
        node("extension", text="Extension"),
        node("blockTaskItem", text("Task"), state="TODO"),
    )
    assert adf_to_text(blocks) == (
        "[picture] <https://x.example/p.png>\nCaption\n[a.pdf]\n[b.pdf]\n"
        "https://x.example/blockCard\nhttps://x.example/embedCard\nExtension\n- [ ] Task"
    )
