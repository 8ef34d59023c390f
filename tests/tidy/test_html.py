"""HTML stands in templates, and text is escaped in one place for pages and in one for drawings."""

from __future__ import annotations

import ast
import re

from tests.tidy.source import application, fail_for

#: Who escapes text, and why.
ESCAPING = {
    "app/html/filters.py": "what templates do with texts of several lines",
    "app/svg/elements.py": "elements of drawings",
    "app/expressions/adf.py": "documents of another tool, of which the text is read and no page is made",
    "app/webhooks/mail/base64_text.py": "lines added to mails of others, which are read as text",
    "app/exchange/writers/xes.py": "event logs for other tools, written as a stream",
}
#: Modules that know how to escape or quote text for HTML or XML.
LIBRARIES = {
    "html": {"escape"},
    "markupsafe": {"escape", "escape_silent"},
    "xml.sax.saxutils": {"escape", "quoteattr"},
}
#: Who has HTML in texts of Python, besides those.
TAGS = ESCAPING | {
    "app/common/files/html_attributes.py": "lists in mails of others, whose items are counted",
    "app/common/files/html_text.py": "mails of others, which are read as text",
    "app/webhooks/mail/content.py": "commands of text/enriched, which are removed",
}
TAG = re.compile(
    r"</[a-z]|<(a|b|br|body|code|dd|div|dl|dt|em|form|h[1-6]|head|html|img|label|li|link|main|meta|nav|ol|p"
    r"|path|pre|rect|script|section|small|span|strong|style|svg|table|tbody|td|text|th|thead|title|tr|ul)"
    r"( [^@<]*)?/?>"
)


def test_text_is_escaped_by_templates_filters_and_drawings_only() -> None:
    places = set()
    for source in application():
        for node in source.nodes(ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if names & LIBRARIES.get(node.module or "", set()):
                places.add(source.name)
    fail_for(places - set(ESCAPING), "A page is a template beside its package (docs/decisions/0149).")
    assert places == set(ESCAPING), "Places that escape no more are listed no more."


def test_no_html_is_put_together_in_python() -> None:
    places = [
        f"{source.name}: {text[:60]}"
        for source in application()
        if source.name not in TAGS
        for text in source.constants()
        if TAG.search(text)
    ]
    fail_for(places, "HTML stands in a template beside its package (docs/decisions/0149).")


def test_tags_are_told_from_addresses_and_comparisons() -> None:
    tags = ["<b>", "<td", "<br/>", '<a href="/x">', "x</td>"]
    assert [text for text in tags if TAG.search(text)] == ["<b>", "<br/>", '<a href="/x">', "x</td>"]
    assert not any(
        TAG.search(text) for text in ("<notice.1@desk>", "a < b > c", "<b@desk.example>", "<input>:1")
    )
