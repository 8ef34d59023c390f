"""A text that must be given holds something that can be seen."""

from __future__ import annotations

from itertools import product

from pydantic import TypeAdapter, ValidationError

from app.kernel.actions.payloads import Paragraph, RecordKey, ShortText, Title
from tests.client import Api, Json, an_incident

TYPES = {"line": ShortText, "key": RecordKey, "title": Title, "paragraph": Paragraph}
NOTHING = {
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "bidi marks": "\u200e\u200f\u061c",
    "soft hyphens": "\u00ad\u00ad",
    "fillers of Hangul": "\u3164\u115f\u1160\uffa0",
    "the blank of Braille": "\u2800",
    "marks alone": "\u0301\u20dd\ufe0f\u034f",
    "tags": "\U000e0041\U000e007f",
    "spaces of all kinds": "\u00a0\u2003\u3000\u200b",
    "an object that is not there": "\ufffc",
    "what is no character": "\ufdd0",
}
SOMETHING = ("a", "7", "?", "打", "é", "e\u0301", "\u200bMail\u200b", "🔥", "☎\ufe0f", "ا\u200c", "…")


def taken(kind: str, text: str) -> str | None:
    """The code of the error that the text has as that type; None: it is taken."""
    try:
        TypeAdapter(TYPES[kind]).validate_python(text)
    except ValidationError as error:
        return str(error.errors()[0]["type"])
    return None


def test_a_text_of_nothing_that_can_be_seen_is_refused_and_any_other_taken() -> None:
    wrong = []
    for kind in TYPES:
        for name, text in NOTHING.items():
            if taken(kind, text) not in ("nothing_visible", "string_too_short"):
                wrong.append((kind, name, taken(kind, text)))
        # A key is printable as well.
        wrong += [(kind, t, taken(kind, t)) for t in SOMETHING if kind != "key" and taken(kind, t)]
    assert wrong == []


async def test_it_is_refused_in_words_wherever_a_name_is_given(api: Api) -> None:
    admin = await api.client("Ada", "admin", "agent", "knowledge_editor", "configuration_manager")
    blank = NOTHING["fillers of Hangul"]
    requests: dict[str, tuple[str, Json]] = {
        "/title": ("/v1/incidents", an_incident(title=blank)),
        "/description": ("/v1/incidents", an_incident(description=blank)),
        "/name": ("/v1/teams", {"key": "network", "name": blank}),
        "/key": ("/v1/teams", {"key": blank, "name": "Network"}),
    }
    wrong = []
    for language, (pointer, (path, body)) in product(("en", "zh"), requests.items()):
        answer = await admin.post(path, json=body, headers={"Accept-Language": language})
        (error,) = answer.json()["errors"]
        if (answer.status_code, error["pointer"], error["code"]) != (422, pointer, "nothing_visible"):
            wrong.append((pointer, error))
        assert "visible" in error["message"] or "可见" in error["message"]
    assert wrong == []
