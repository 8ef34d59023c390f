"""A file or document counts for a stage or an acceptance only if it is of the class and can be read."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest

from app.common.children import Attachment, Visibility
from app.common.records import empty
from app.kernel.actions.refusals import WrongValue
from app.log.ids import uuid7
from app.processes.releases.checks import document_of_other_class
from app.processes.releases.default_stages import DEFAULT_STAGES
from app.processes.requests.acceptance.checks import manual_not_readable

NOW = datetime.now(UTC)


def _context(**values: Any) -> Any:
    return SimpleNamespace(
        ref=lambda record_class, field: values.get("manual"),
        prepared=lambda kind: SimpleNamespace(current=lambda release: values["stage"]),
    )


async def _because(check: Any, body: Any, ctx: Any, reads: Any = None) -> str | None:
    try:
        await check(reads, None, body, ctx)
    except WrongValue as refused:
        return refused.because
    return None


@pytest.mark.parametrize(
    ("key", "classes", "numbers", "code"),
    [
        ("test", None, ["PR2026001"], "document_of_other_class"),
        ("test", None, ["PR2026001", "TE2026001"], None),
        ("test", None, [], None),
        ("build", None, ["PR2026001"], None),
        ("trial", ["TE", "AC"], ["PR2026001"], "document_of_other_class"),
        ("trial", ["TE", "AC"], ["PR2026001", "AC2026001"], None),
        ("trial", [], ["PR2026001"], None),
    ],
)
async def test_a_stage_needs_a_document_of_its_classes(
    key: str, classes: list[str] | None, numbers: list[str], code: str | None
) -> None:
    body = SimpleNamespace(document_numbers=numbers)
    stage = SimpleNamespace(key=key, document_classes=classes)
    assert await _because(document_of_other_class, body, _context(stage=stage)) == code


def test_each_usual_stage_that_delivers_a_document_names_its_class() -> None:
    assert {stage["key"]: stage["document_classes"] for stage in DEFAULT_STAGES} == {
        "initiation": [],
        "requirements": ["SN"],
        "outline_design": ["SO"],
        "detailed_design": ["SO"],
        "build": [],
        "test": ["TE"],
        "publication": ["AC", "OP"],
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"withdrawn_at": NOW}, "nothing_to_read"),
        ({"size": 0}, "nothing_to_read"),
        ({"says_nothing": True}, "nothing_to_read"),
        ({"visibility": Visibility.internal}, "file_for_staff"),
    ],
)
async def test_those_who_accept_can_read_the_manual(changes: dict[str, Any], code: str | None) -> None:
    says_nothing = changes.get("says_nothing")
    reads = SimpleNamespace(value=AsyncMock(return_value=says_nothing))
    manual = empty(Attachment, uuid7())
    for name, value in ({"size": 12, "visibility": Visibility.public} | changes).items():
        if name != "says_nothing":
            setattr(manual, name, value)
    assert await _because(manual_not_readable, SimpleNamespace(), _context(manual=manual), reads) == code
