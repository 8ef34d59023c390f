"""No answer of a tool is larger than its bound, whatever a record holds; and what was cut can be read on."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistants.fitting import ENVELOPE, LARGEST_ANSWER, as_text, fits, fitted, shortened, size_of
from app.common.people import Role
from tests.assistants.clients import Assistants
from tests.client import Api, an_incident
from tests.extent import WHOLE, in_test_all

TEXTS = st.text(max_size=30) | st.builds(
    lambda text, times: text * times, st.text(max_size=4), st.integers(0, 9_000)
)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(TEXTS, inner, max_size=10),
    max_leaves=20,
)
LONG_LISTS = st.builds(lambda part, times: [part] * times, DOCUMENTS, st.integers(0, 300))


@settings(max_examples=100 if WHOLE else 4)
@given(st.dictionaries(st.text(max_size=20), DOCUMENTS | LONG_LISTS, max_size=20))
def test_whatever_is_answered_fits(document: dict[str, Any]) -> None:
    within = fitted(document)
    assert size_of(within) <= LARGEST_ANSWER - ENVELOPE
    json.loads(as_text(within))
    if size_of(document) <= LARGEST_ANSWER - ENVELOPE and fits(document, (20_000, 500)):
        assert size_of(within) <= size_of(document)


def test_what_is_cut_says_how_long_it_is() -> None:
    assert shortened("x" * 30, 10, 5) == f"{'x' * 10}… [30]"
    assert shortened([1, 2, 3], 10, 2) == [1, 2, {"…": 1}]
    deep: Any = "end"
    for _ in range(500):
        deep = [deep]
    assert fitted({"deep": deep})
    assert fitted({"\\" * 5_000: '"' * 90_000, "more": ["\n" * 20_000] * 400})


@in_test_all
async def test_a_record_with_a_megabyte_of_comments_is_read_page_by_page(
    api: Api, assistants: Assistants
) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    incident = await admin.post_ok("/v1/incidents", an_incident(description="词典记录" * 5_000))
    texts = [f"{n:03} " + '评"\\ \n' * 2_600 for n in range(40)]
    for text in texts:
        await admin.post_ok(f"/v1/incidents/{incident['id']}/comment", {"text": text})
    assert sum(len(text.encode()) for text in texts) > 700_000
    named = {"kind": "incident", "id": incident["number"]}
    async with assistants.over_http(admin.token) as assistant:
        assert "… [20000]" in (await assistant.use("read", **named))["record"]["description"]
        numbers: list[str] = []
        events = 0
        for part, most in (("comments", 40), ("history", 41)):
            cursor: dict[str, str] = {}
            pages = 0
            while True:
                page = await assistant.use("read", **named, part=part, **cursor)
                pages += 1
                if part == "comments":
                    numbers += [comment["text"][:3] for comment in page[part]]
                else:
                    events += len(page["events"])
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
            assert 1 < pages <= most
        assert sorted(numbers) == [text[:3] for text in texts]
        assert events >= 41
        read, offset = "", 0
        while True:
            place = {"part": "comments", "pointer": "/comments/0/text", "offset": offset}
            piece = await assistant.use("read", **named, **place)
            read += piece["piece"]
            if piece["next_offset"] is None:
                break
            offset = piece["next_offset"]
        assert read in [text.strip() for text in texts]
