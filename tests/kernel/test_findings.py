"""For a cause, a solution or a proof, "none" is no answer; a change that cannot be undone has a reason."""

from __future__ import annotations

import pytest

from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import marks
from app.processes.changes.payloads import DraftChange
from app.processes.problems.payloads import IdentifyCauseProblem
from app.registry import LIFECYCLES

CAUSE = marks(IdentifyCauseProblem, DemandedText)["cause"]
BACK_OUT = marks(DraftChange, DemandedText)["back_out_plan"]
REASONED_NONE = (
    "none, because we did not find it",
    "None, since it cannot be undone.",
    "No, because of time",
    "没有，因为没有找到原因",
    "无，因为无法回退",
)


@pytest.mark.parametrize(
    "text",
    [
        *REASONED_NONE,
        *("unknown cause", "Cause unknown.", "Not found", "still looking", "to be analysed", "no evidence"),
        *("原因未明", "原因不明", "没有找到原因", "尚未查明。", "无证据", "待查", "none", "无", "-", "done"),
    ],
)
def test_a_finding_states_something(text: str) -> None:
    assert CAUSE.fault(text) == "cannot_be_none"


@pytest.mark.parametrize(
    "text",
    [
        "A full disk.",
        "磁盘已满。",
        "No second relay was installed.",
        "没有备用中继",
        "Unknown users filled the disk",
    ],
)
def test_a_finding_may_speak_of_what_is_missing(text: str) -> None:
    assert CAUSE.fault(text) is None


@pytest.mark.parametrize("text", REASONED_NONE)
def test_a_change_that_cannot_be_undone_has_a_reason(text: str) -> None:
    assert BACK_OUT.fault(text) is None
    assert BACK_OUT.fault("none") == "no_way_back"


def test_the_findings_of_all_processes_are_known() -> None:
    fields = {
        field
        for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}
        for field, mark in marks(row.body, DemandedText).items()
        if not mark.takes_none
    }
    assert fields == {"cause", "evidence", "functional", "architecture", "steps"}
