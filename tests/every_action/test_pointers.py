"""A refused value is named with its field, unless the record or the command as a whole is wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import app
from app.kernel.actions.conditions import Condition, conditions_of
from app.kernel.actions.payloads import part_types
from app.registry import LIFECYCLES

#: Refusals without a field, by why.
OF_THE_WHOLE = {
    "in_anothers_way": "two commands of a batch write one record",
    "no_preview_of_tools": "the subscription has a format without preview",
    "team_has_open_work": "the team cannot be retired",
    "too_long": "the article has too many revisions",
    "too_many_summaries": "the person has too many",
    "too_many_views": "the person has too many",
}
#: Conditions that several members break together, any of which may be corrected.
OF_SEVERAL = {
    *("author_or_reviewer", "change_or_reason", "document_number_missing", "need_and_process"),
    *("nobody_is_replaced", "nothing_to_change", "one_manual", "one_of_the_two", "one_source"),
    *("service_or_ci", "service_or_ci_class", "service_or_release", "somebody"),
    *("stage_document_missing", "title_or_template", "who_comes_or_goes"),
    # Where several are missing.
    *("class_is_incomplete", "document_with_signatory", "faults_to_nobody", "half_a_return"),
    *("pilot_is_incomplete",),
}


def _without_pointer() -> Iterator[str]:
    """The codes of refused values that are raised without a field."""
    for path in Path(app.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "WrongValue(" in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "WrongValue":
                keywords: dict[str | None, ast.expr] = {each.arg: each.value for each in node.keywords}
                pointer = keywords.get("pointer", node.args[2] if len(node.args) > 2 else ast.Constant(""))
                if "parameter" not in keywords and isinstance(pointer, ast.Constant) and not pointer.value:
                    yield ast.literal_eval(keywords["because"])


def test_a_refused_value_has_a_field_unless_it_is_the_whole_that_is_wrong() -> None:
    assert set(_without_pointer()) == OF_THE_WHOLE.keys()


def _conditions() -> Iterator[tuple[type[BaseModel], Condition]]:
    for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}:
        body: type[BaseModel] = row.body
        for model in (body, *part_types(body).values()):
            yield from ((model, condition) for condition in conditions_of(model))


def _sent(model: type[BaseModel], condition: Condition) -> Iterator[Any]:
    """The payload with each of the members given or not."""
    unset: dict[str, Any] = dict.fromkeys(model.model_fields)
    for values in product((None, "given"), repeat=len(condition.members)):
        yield model.model_construct(**unset | dict(zip(condition.members, values, strict=True)))


def test_a_condition_names_the_member_at_fault_if_there_is_one() -> None:
    placed, several = set[str](), set[str]()
    for model, condition in _conditions():
        for body in _sent(model, condition):
            try:
                holds = condition.holds(body)
            except (AttributeError, TypeError, ValueError):
                continue  # the test compares values, not which are given
            if not holds:
                faulty = condition.faulty_member(body)
                assert faulty is None or faulty in condition.members
                (several if faulty is None else placed).add(condition.code)
    assert several - OF_SEVERAL == set()
    assert len(placed) > 8
