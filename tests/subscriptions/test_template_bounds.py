"""No template, and no event or answer, exceeds its bounds or raises anything but the refusal."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.expressions.short_messages import cut_to_messages
from app.subscriptions.templates.bounded_renderer import BoundedRenderer
from app.subscriptions.templates.document import LARGEST_TEMPLATE, RESERVED_HEADERS
from app.subscriptions.templates.parse import TemplateRefused, parse_template
from app.subscriptions.templates.render import (
    LARGEST_BODY,
    LONGEST_HEADER,
    LONGEST_QUERY,
    RenderedRequest,
    TemplateFailed,
    is_success,
    render_request,
)
from tests.client import Json

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.text(st.characters(codec=None), max_size=20)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
#: Expressions as people write them, right and wrong.
WRITTEN = """
event | event.a | event.b.c | message.sentence | names | secret | null | 1 | -0.5 | 1.0 / 0.0 | 1 / 0
{1: 2} | {'a': event} | [event, event] | [1, 'a', null, true] | b'bytes' | duration('1s') | type(1)
timestamp('2026-01-01T00:00:00Z') | message.sentence + text(event.a) | json(event) | sms(message.sentence)
sms(message.sentence, 99) | sms(message.sentence, -1) | loose_json(message.sentence) | lines(event)
truncate(message.sentence, 9) | 'x' + '\\r\\nX-Y: z' | url_encode(message.sentence) | get(event, 'a')
digest(event) | html_to_text(message.sentence) | number(message.sentence) | time(event.a) | adf_to_text(event)
message.sentence.split('') | [1,2,3].map(x, [1,2,3].map(y, x * y)) | 9223372036854775807 + 1
"""
EXPRESSIONS = st.sampled_from(re.split(r" \| |\n", WRITTEN.strip())) | st.text(max_size=30)
NAMES = st.text(max_size=10) | st.sampled_from(["To", "x-key", "X-Key", "host", "Authorization", "a b", "é"])
TABLES = st.dictionaries(NAMES, EXPRESSIONS, max_size=3)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "CONNECT"]),
        "authorization": st.sampled_from(["basic", "bearer", "digest"]),
        "content_type": st.sampled_from(["text/xml", "text/xml; charset=utf-8", "a/b\r\nx: y", ""]),
        "query": TABLES,
        "headers": TABLES,
        "json": EXPRESSIONS,
        "form": TABLES,
        "text": EXPRESSIONS,
        "success": st.sampled_from(["status == 200", "answer.code == 0", "answer", "1", "status / 0 == 1"]),
    },
)


def check_bounds(request: RenderedRequest) -> None:
    assert len(request.body) <= LARGEST_BODY
    assert len(request.query) <= LONGEST_QUERY
    assert request.query.isascii()
    for name, text in request.headers.items():
        assert name == "content-type" or name not in RESERVED_HEADERS
        assert name.isascii()
        assert len(text) <= LONGEST_HEADER
        assert text.isascii()
        assert text.isprintable()
        assert text.strip() == text != ""
    kind = request.headers.get("content-type", "")
    if kind == "application/json":
        json.loads(request.body)
    if kind == "application/x-www-form-urlencoded":
        parse_qsl(request.body.decode("ascii"), strict_parsing=bool(request.body))


def rendered(document: Json, event: object, sentence: str) -> RenderedRequest | None:
    """The request that the template makes; None: it is refused, or fails."""
    values = {"message": {"sentence": sentence}, "event": event, "names": {}, "secret": "a:b"}
    try:
        return render_request(parse_template(json.dumps(document)), values)
    except (TemplateRefused, TemplateFailed):
        return None


@given(document=DOCUMENTS, event=VALUES, sentence=st.text(st.characters(codec=None), max_size=300))
@example(document={"json": "event"}, event=float("nan"), sentence="")
@example(document={"json": "event"}, event={"a": [10**400, "\ud800"]}, sentence="\x00")
@example(document={"json": "loose_json(message.sentence)"}, event=None, sentence='"\\ud800"')
@example(document={"json": "loose_json(message.sentence)"}, event=None, sentence="[1e999, 1e400]")
@example(document={"text": "'a'", "headers": {"x": "text(event.a)"}}, event={"a": " b"}, sentence="")
def test_a_request_is_within_its_bounds_or_refused(document: Json, event: object, sentence: str) -> None:
    request = rendered(document, event, sentence)
    if request is not None:
        check_bounds(request)


@given(body=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
@pytest.mark.parametrize("success", ["answer.code == 0", "answer", "size(answer) > 1", "answer.a.b"])
def test_an_answer_is_judged_or_refused(success: str, body: bytes) -> None:
    template = parse_template(json.dumps({"json": "1", "success": success}))
    with suppress(TemplateFailed):
        assert is_success(template, 200, body) in (True, False)


@given(text=st.text(max_size=LARGEST_TEMPLATE // 50))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    with suppress(TemplateRefused):
        parse_template(text)


@pytest.mark.parametrize(
    "text", ["{" * 5_000, "a = " + "[" * 5_000, "x" * (LARGEST_TEMPLATE + 1), '{"json": 1e999}', '{"a": NaN}']
)
def test_texts_that_are_deep_or_long_are_refused(text: str) -> None:
    with pytest.raises(TemplateRefused):
        parse_template(text)


def test_what_grows_without_end_is_cut_off() -> None:
    cases = {
        "text = 'message.sentence'": LARGEST_BODY + 1,
        "[form]\na = 'message.sentence'": LARGEST_BODY // 2,
        "method = 'GET'\n[query]\na = 'message.sentence'": LONGEST_QUERY,
        "json = '1'\n[headers]\na = 'message.sentence'": LONGEST_HEADER + 1,
    }
    for text, length in cases.items():
        with pytest.raises(TemplateFailed):
            render_request(parse_template(text), {"message": {"sentence": "é" * length}})
    nested: object = 1
    for _ in range(100):
        nested = [nested]
    with pytest.raises(TemplateFailed):
        render_request(parse_template("json = 'event'"), {"event": nested})


@pytest.fixture
def renderer() -> Iterator[BoundedRenderer]:
    opened = BoundedRenderer(seconds=20)
    yield opened
    opened.close()


#: Its steps are few, and what it makes is large.
GREEDY = """json = 'size(message.sentence.split("").map(x, message.sentence).join(""))'"""
VALUES_SEEN = {"message": {"sentence": "x" * 20_000}, "event": {}, "names": {}, "secret": ""}


async def test_what_takes_too_much_fails_alone(renderer: BoundedRenderer) -> None:
    digits = "[0,1,2,3,4,5,6,7,8,9]"
    looped = digits + f".map(x, {digits}" * 7 + ")" * 7
    for template, code in ((GREEDY, "template_limit"), (f"json = '{looped}'", "template_failed")):
        with pytest.raises(TemplateFailed) as failed:
            await renderer.render(1, template, VALUES_SEEN)
        assert failed.value.code == code
    request = await renderer.render(1, "json = 'size(message.sentence)'", VALUES_SEEN)
    assert request.body == b"20000"


async def test_a_subscription_waits_for_one_call_of_another_at_most(renderer: BoundedRenderer) -> None:
    finished: list[str] = []

    async def render(turn: str) -> None:
        await renderer.render(turn, "json = 'size(message.sentence)'", VALUES_SEEN)
        finished.append(turn)

    await asyncio.gather(*(render(turn) for turn in ("greedy", "greedy", "greedy", "greedy", "modest")))
    assert finished.index("modest") <= 1


@given(text=st.text(max_size=400), parts=st.integers(1, 10))
def test_short_messages_hold_what_they_are_cut_to(text: str, parts: int) -> None:
    cut = cut_to_messages(text, parts)
    units = len(cut.encode("utf-16-be", "surrogatepass")) // 2
    if not cut.isascii():
        return
    assert units <= (160 if parts == 1 else 153 * parts)


def test_a_short_message_is_cut_by_its_alphabet() -> None:
    assert cut_to_messages("a" * 160, 1) == "a" * 160
    assert cut_to_messages("a" * 161, 1) == "a" * 157 + "..."
    assert cut_to_messages("[" * 81, 1) == "[" * 78 + "..."
    assert cut_to_messages("工" * 70, 1) == "工" * 70
    assert cut_to_messages("工" * 71, 1) == "工" * 69 + "…"
    assert cut_to_messages("😀" * 36, 1) == "😀" * 34 + "…"
    assert cut_to_messages("工" * 135, 2) == "工" * 133 + "…"
    assert cut_to_messages("a" * 306, 2) == "a" * 306
    for parts in (0, 11):
        with pytest.raises(ValueError, match="bad_parts"):
            cut_to_messages("a", parts)
