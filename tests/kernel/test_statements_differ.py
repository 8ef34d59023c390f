"""One text does not answer two questions of a command, in whatever fields it is repeated."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from pydantic import BaseModel

from app.i18n import translate
from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import marks, part_types
from app.kernel.commands.statements import FieldQuestion, repeated_statements
from app.processes.changes.payloads import CompleteChange, ReviewChange
from app.registry import LIFECYCLES
from tests.client import Api, an_incident


def _bodies() -> Iterator[type[BaseModel]]:
    """The payloads and parts that people send."""
    for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}:
        body: type[BaseModel] = row.body
        yield body
        yield from part_types(body).values()


def _statements(body: type[BaseModel]) -> list[tuple[str, DemandedText]]:
    return [
        (name, mark)
        for name, mark in marks(body, DemandedText).items()
        if mark.differs and "tuple" not in str(body.model_fields[name].annotation)
    ]


def _repeats(body: type[BaseModel], **stated: Any) -> list[tuple[str, str, str]]:
    unset: dict[str, Any] = dict.fromkeys(body.model_fields)
    sent = body.model_construct(set(body.model_fields), **unset | stated)
    return [(repeated.pointer, repeated.first, repeated.second) for repeated in repeated_statements(sent)]


def _may_be_same(first: str, second: str) -> bool:
    return (
        (first.endswith("reason") and second.endswith("reason"))
        or (first.startswith("effect_on_") and second.startswith("effect_on_"))
        or (first[:-3] == second[:-3] and {first[-3:], second[-3:]} == {"_en", "_zh"})
        or f"other_{first}" == second
    )


def test_two_statements_of_any_action_are_not_the_same_text() -> None:
    tried = 0
    for body in set(_bodies()):
        for (first, mark), (second, other) in combinations(_statements(body), 2):
            if not (mark.in_full or other.in_full):
                continue  # two lines: short names may be the same
            repeats = _repeats(body, **{first: "Done as agreed.", second: " done  AS agreed"})
            expected = [] if _may_be_same(first, second) else [(f"/{second}", first, second)]
            assert repeats == expected, (body.__name__, first, second)
            tried += 1
    assert tried > 200


def test_each_text_that_repeats_another_is_named_with_the_first() -> None:
    text = "Done as agreed."
    assert _repeats(CompleteChange, work_done=text, tests_run=text, deviations=text) == [
        ("/tests_run", "work_done", "tests_run"),
        ("/deviations", "work_done", "deviations"),
    ]


@pytest.mark.parametrize("text", ["none, because nothing was installed", "无，因为没有测试环境"])
def test_one_reason_may_be_why_two_things_are_none(text: str) -> None:
    assert _repeats(ReviewChange, goals_met=text, lessons=text) == []


@pytest.mark.parametrize(("language", "first"), [("en", "“Work done”"), ("zh", "“完成的工作”")])
def test_the_refusal_names_both_fields_and_asks_for_the_second(language: str, first: str) -> None:
    words = {
        "first": FieldQuestion(CompleteChange, "work_done", with_help=False),
        "second": FieldQuestion(CompleteChange, "tests_run"),
    }
    sentence = translate(language, "value", "repeats_a_text", words)
    assert first in sentence
    assert FieldQuestion(CompleteChange, "tests_run").label(language) in sentence


async def test_staff_repeat_no_text_and_requesters_write_as_they_like(api: Api) -> None:
    agent, customer = await api.client("Ann", "agent"), await api.client("Yan")
    same = "The mail client shows no mail."
    incident = await customer.post_ok("/v1/incidents", an_incident(title=same, description=same))
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/start")

    resolution = {"resolution_code": "fixed", "done": "The relay was restarted."}
    refused = await agent.post(f"{path}/resolve", json=resolution | {"cause": "The relay was restarted"})

    assert refused.status_code == 422, refused.text
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/cause", "repeats_a_text")]
    await agent.post_ok(f"{path}/resolve", resolution | {"cause": "The relay had no memory left."})
