"""Each tool has a page that says what its adapter does."""

from __future__ import annotations

from app.webhooks.adapters import adapter, tools
from app.webhooks.sources import guides


def test_every_tool_has_a_page_with_what_its_adapter_says() -> None:
    pages = dict(guides.pages())
    assert pages.keys() == set(tools())
    for tool, page in pages.items():
        document = adapter(tool).document
        assert document.guide is not None, tool
        sentences = (
            document.guide.where,
            *document.guide.events,
            *document.guide.becomes,
            *document.guide.remarks,
        )
        assert all(sentence in page for sentence in sentences), tool
        headers = [each.header for each in document.verification if each.header]
        assert all(f"`{header}`" in page for header in headers), tool
        assert ("Its deliveries have no id" in page) is (document.delivery.id is None), tool


def test_a_page_shows_what_each_code_means_here() -> None:
    page = dict(guides.pages())["pagerduty"]
    assert "| `acknowledged` | `acknowledged` |" in page
    assert "HMAC-SHA256 in hex, after `v1=`" in page
