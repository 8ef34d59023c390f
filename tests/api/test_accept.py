"""Which of two forms a client gets."""

from __future__ import annotations

from app.api.requests.accept import negotiate
from tests.cases import each_case

JSON, HTML = OFFERED = ("application/json", "text/html")


@each_case(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/html", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("application/json, text/html", JSON),
        ("text/html;q=0.5, application/json;q=0.4", HTML),
        ("text/*, application/json;q=0.9", HTML),
        ("application/json;q=0, */*", HTML),
        ("APPLICATION/JSON ; charset=utf-8 ; Q=1", JSON),
        ("text/xml", None),
        ("application/json;q=0", None),
        ("application/json;q=much", None),
        (",;=,", None),
    ],
)
def test_the_best_liked_of_what_there_is_is_chosen(accept: str | None, chosen: str | None) -> None:
    assert negotiate(accept, OFFERED) == chosen
