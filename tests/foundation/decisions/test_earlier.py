"""Whoever votes reads which questions about the same subject were rejected or withdrawn before."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from app.common.records import holds_list
from app.foundation.decisions.approval_rules.definition import SUBJECTS
from app.foundation.decisions.earlier import with_earlier_questions
from app.foundation.decisions.matters import Matter
from app.foundation.decisions.records import DecisionKind
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.client import Api

#: An exception is asked for a freeze, which is itself the subject: its page shows the earlier questions.
OF_THE_RECORD = {DecisionKind.freeze_exception}
assert LIFECYCLES, "their matters are made with them"
MATTERS = [matter for matter in gc.get_objects() if type(matter) is Matter and matter.decision is not None]


@pytest.mark.parametrize("decision", list(DecisionKind))
async def test_every_kind_of_question_has_a_subject_by_which_earlier_ones_are_found(
    api: Api, decision: DecisionKind
) -> None:
    matters = [matter for matter in MATTERS if matter.decision is decision]
    record_class = LIFECYCLES_BY_KIND[SUBJECTS[decision][0]].record
    assert matters
    for matter in matters:
        assert bool(matter.subject) is (decision not in OF_THE_RECORD)
        values: dict[str, Any] = {"id": uuid4(), "title": "The same"}
        for mine, theirs in matter.subject:
            assert theirs in record_class.model_fields
            if mine in record_class.model_fields and mine != "title":
                values[mine] = ["mail"] if holds_list(record_class, mine) else "mail"
        record = record_class.model_construct(**values)

        async def rows(query: str, parameters: Any, guard: object) -> list[dict[str, Any]]:
            return [dict(row) for row in await api.ledger.db.rows(query, parameters)]

        reads: Any
        ctx: Any
        reads, ctx = (
            SimpleNamespace(rows=rows, lifecycles=LIFECYCLES_BY_KIND),
            SimpleNamespace(now=datetime.now(UTC)),
        )
        question = {"en": "Shall it be?", "zh": "是否同意？"}
        assert await with_earlier_questions(reads, record, matter, question, ctx) == question
