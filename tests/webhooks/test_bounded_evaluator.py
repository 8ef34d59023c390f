"""Users' own mappings run in a process that can be ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.exchange.mapping import MappingRefused
from app.webhooks.mapping.bounded_evaluator import BoundedEvaluator
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.updates import MappingFailed, TicketUpdate

DELIVERY = Delivery({}, b'{"id": 5, "x": "aaaaaaaa"}', datetime(2026, 5, 4, tzinfo=UTC))
GOOD = "[delivery]\nid = 'body.x'\n[[news]]\nkind='ticket'\ncase='body.id'\n"


def mapping(case: str) -> str:
    return f"[[news]]\nkind='ticket'\ncase='''{case}'''\n"


@pytest.fixture(scope="module")
def evaluator() -> Iterator[BoundedEvaluator]:
    bounded_evaluator = BoundedEvaluator()
    yield bounded_evaluator
    bounded_evaluator.close()


def works(evaluator: BoundedEvaluator) -> bool:
    (news,) = evaluator.evaluate(GOOD, "good", DELIVERY).news
    return isinstance(news, TicketUpdate) and news.case == "5"


def test_it_gives_what_the_mapping_gives(evaluator: BoundedEvaluator) -> None:
    assert works(evaluator)
    assert evaluator.delivery_id(GOOD, "good", DELIVERY) == "aaaaaaaa"


def test_failures_and_refusals_are_the_same_as_without_it(evaluator: BoundedEvaluator) -> None:
    with pytest.raises(MappingFailed) as failed:
        evaluator.evaluate(mapping("body.nothing"), "bad", DELIVERY)
    assert (failed.value.code, failed.value.key) == ("untold", "news 1, case")
    with pytest.raises(MappingRefused, match="is not an expression"):
        evaluator.evaluate(mapping("body."), "bad", DELIVERY)


def nested(levels: int) -> str:
    expression = "1"
    for n in range(levels):
        expression = f"[1,2,3,4,5,6,7,8,9,10].map(v{n}, {expression})"
    return f"{expression}.size()"


def swollen(levels: int) -> str:
    expression = "s.size()"
    for _ in range(levels):
        expression = f'cel.bind(s, s.replace("a", s), {expression})'
    return f"cel.bind(s, body.x, {expression})"


@pytest.mark.parametrize("bomb", [nested(7), swollen(10)])
def test_a_bomb_is_stopped_and_the_next_delivery_works(evaluator: BoundedEvaluator, bomb: str) -> None:
    with pytest.raises(MappingFailed) as failed:
        evaluator.evaluate(mapping(bomb), "bomb", DELIVERY)
    assert failed.value.code in ("too_much", "expression_failed")
    assert works(evaluator)


def test_an_evaluation_beyond_its_time_is_refused(
    evaluator: BoundedEvaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluator._process, "_seconds", 0.0)  # without the seconds that another process takes
    with pytest.raises(MappingFailed) as failed:
        evaluator.evaluate(GOOD, "good", DELIVERY)
    assert failed.value.code == "too_much"
