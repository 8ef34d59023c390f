"""Which paths are pages, and where an address may lead on to."""

from __future__ import annotations

import pytest

from app.api.pages.page_paths import LONGEST_ADDRESS, is_for_signed_in, is_page, own_address


@pytest.mark.parametrize("path", ["/", "/desk", "/desk/incident/INC-1", "/portal", "/portal/x", "/sign-out"])
def test_pages_of_the_desk_and_the_portal_know_who_is_signed_in(path: str) -> None:
    assert is_page(path)
    assert is_for_signed_in(path)


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/callback", "/desk/static/desk.css"])
def test_some_pages_are_for_everybody(path: str) -> None:
    assert is_page(path)
    assert not is_for_signed_in(path)


@pytest.mark.parametrize("path", ["/desktop", "/portals", "/v1/desk", "/docs/x", "/sign-inn", "//desk", ""])
def test_what_only_looks_like_one_is_none(path: str) -> None:
    assert not is_page(path)
    assert not is_for_signed_in(path)


@pytest.mark.parametrize(
    "text", ["/", "/desk", "/desk/incident?state=new&q=%E4%BA%8B", "/portal#top", "/a//b"]
)
def test_an_address_of_ours_is_gone_on_to(text: str) -> None:
    assert own_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("https://evil.example.org", "//evil.example.org", "/\\evil.example.org", "\\\\evil.example.org"),
        *("javascript:alert(1)", "desk", "", None, " /desk", "/desk\r\nX: y", "/\t/evil.example.org"),
        *("/事件", "/sign-in", "/sign-in/callback?code=1", "/sign-out", "/" + "a" * LONGEST_ADDRESS),
    ],
)
def test_of_anything_else_the_first_page_is(text: str | None) -> None:
    assert own_address(text) == "/"
