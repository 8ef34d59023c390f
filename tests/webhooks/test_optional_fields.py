"""An optional field in another form loses nothing but itself: the case, its time and its state are taken."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.expressions.language import MISSING
from app.webhooks.adapters import adapter, tools
from app.webhooks.intake.deliveries import RawDelivery
from app.webhooks.mapping.deliveries import Delivery, read_body
from app.webhooks.mapping.evaluate import Mapping
from app.webhooks.mapping.reader import DECIDING
from app.webhooks.mapping.updates import AlertSignal, MappingFailed, ParsedUpdate
from app.webhooks.sources.samples import samples_of
from tests.cases import each_case
from tests.extent import ALL_EXAMPLES

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOW_OFTEN = 10_000 if ALL_EXAMPLES else 200
ODD: tuple[Any, ...] = (
    *(None, "", "  ", "a\nb", "\x00", "\u202e", "enc1:00", "x" * 30_000, "a/b,c"),
    *(0, -1.5, 10**30, True, [], ["x"], [[]], {}, {"x": {"y": None}}, [{"name": 1}]),
)
ODD_TIMES: tuple[Any, ...] = ("yesterday", "", None, [], {"x": 1}, "0001-01-01T00:00:00Z", MISSING)
_NAME = re.compile(r"\.([A-Za-z_]\w*)|\"([\w.]+)\"")


def _names(expressions: Iterator[str]) -> set[str]:
    paths = {name for text in expressions for pair in _NAME.findall(text) for name in pair if name}
    return {part for name in paths for part in name.split(".")}


def _expressions(mapping: Mapping, *, deciding: bool) -> Iterator[str]:
    for path, expression in mapping._compiled.items():
        key = path[-2]
        is_deciding = path[0] != "news" or (key in DECIDING and path[2] != "fields")
        if is_deciding == deciding:
            yield expression.text


def _optional_places(value: Any, names: set[str]) -> Iterator[tuple[Any, Any]]:
    """Yield the containers and keys in the body that only optional expressions name."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in names:
                yield value, name
            yield from _optional_places(inner, names)
    elif isinstance(value, list):
        for inner in value:
            yield from _optional_places(inner, names)


def _core(news: ParsedUpdate) -> tuple[Any, ...]:
    if isinstance(news, AlertSignal):
        return news.source, news.dedup_key, news.status, news.occurred_at
    return news.case, news.occurred_at, getattr(news, "state", None), getattr(news, "text", None)


def _is_alert(core: tuple[Any, ...]) -> bool:
    return isinstance(core[2], str) and core[2] in ("firing", "cleared")


def _evaluated(mapping: Mapping, raw: RawDelivery, body: Any) -> list[tuple[Any, ...]]:
    return [_core(news) for news in _news(mapping, raw, body)]


def _news(mapping: Mapping, raw: RawDelivery, body: Any) -> list[ParsedUpdate]:
    delivery = Delivery(
        dict(raw.headers) | {"content-type": "application/json"}, json.dumps(body).encode(), NOW, "UTC"
    )
    evaluation = mapping.evaluate(delivery)
    assert evaluation.failed == {}
    return list(evaluation.news)


@each_case("tool", tools())
def test_random_forms_of_optional_fields_lose_no_case(tool: str) -> None:
    # Always the same ones in `make test` and `make test-all`; others in each soak.
    chance, mapping = random.Random(None if ALL_EXAMPLES else tool), adapter(tool)
    names = _names(_expressions(mapping, deciding=False)) - _names(_expressions(mapping, deciding=True))
    tried = 0
    for sample in samples_of(tool, NOW) * HOW_OFTEN:
        raw = sample.raw
        body = read_body(Delivery(raw.headers, raw.body, NOW, "UTC")).value
        places = list(_optional_places(body, names))
        if not isinstance(body, dict | list) or not places:
            continue
        expected = _evaluated(mapping, raw, body)
        changed = copy.deepcopy(body)
        places = list(_optional_places(changed, names))
        for container, name in chance.sample(places, min(len(places), chance.randint(1, 4))):
            if chance.random() < 0.15:
                container.pop(name, None)
            else:
                container[name] = copy.deepcopy(chance.choice(ODD))
        assert _evaluated(mapping, raw, changed) == expected, changed
        tried += 1
        if tried * len(tools()) >= HOW_OFTEN:
            break


def _texts(mapping: Mapping, key: str) -> list[str]:
    return [expression.text for path, expression in mapping._compiled.items() if path[-2] == key]


def _times(mapping: Mapping) -> set[str]:
    """Return the names of the members that hold the times of alerts."""
    texts = [*_texts(mapping, "alerted_at"), *_texts(mapping, "cleared_at")]
    return {re.split(r"[.\"]", pair[0] or pair[1])[-1] for text in texts for pair in _NAME.findall(text)}


@each_case("tool", tools())
def test_alerts_without_a_readable_time_are_taken_as_of_their_receipt_with_a_mark(tool: str) -> None:
    mapping = adapter(tool)
    names = _times(mapping) - _names(_expressions(mapping, deciding=False))
    for sample in samples_of(tool, NOW):
        raw = sample.raw
        body = read_body(Delivery(raw.headers, raw.body, NOW, "UTC")).value
        has_times = any(_optional_places(body, names))  # in the body of SNS they stand within a text
        alerts = [core for core in _evaluated(mapping, raw, body) if _is_alert(core)] if has_times else []
        for odd in ODD_TIMES if alerts else ():
            changed = copy.deepcopy(body)
            for container, name in list(_optional_places(changed, names)):
                container[name] = odd
                if odd is MISSING:
                    del container[name]
            updates = _news(mapping, raw, changed)
            assert [_core(news) for news in updates] == [(*core[:3], NOW) for core in alerts]
            for news in updates:
                key = "cleared_at" if _core(news)[2] == "cleared" else "alerted_at"
                assert key in news.altered or "received_at" in _texts(mapping, key), odd


@pytest.mark.parametrize("written", ["yesterday", "", [], {"x": 1}])
def test_an_unreadable_time_still_fails_the_delivery(written: Any) -> None:
    mapping = adapter("zendesk")
    body = {"ticket": {"id": "1", "subject": "A", "status": "open", "updated_at": written}}
    with pytest.raises(MappingFailed):
        _evaluated(mapping, RawDelivery({}, b""), body)
