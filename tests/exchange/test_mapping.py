"""A mapping: what it takes, and what it says of what is wrong with it."""

from __future__ import annotations

import re

import pytest

from app.common.priorities.priority import Priority
from app.common.tickets import HoldReason
from app.exchange.mapping import LARGEST_MAPPING, MappingRefused, read_mapping
from app.platform.settings import PROJECT
from app.processes.incidents.records import IncidentState as State
from app.processes.incidents.records import ResolutionCode
from tests.cases import each_case

LEAST = """
process = "incident"
case = "Ticket"
at = "Changed"

[state]
column = "Status"
values = { Open = "new" }
"""


def wrong(text: str) -> str:
    with pytest.raises(MappingRefused) as refused:
        read_mapping(text, "desk.toml")
    return str(refused.value)


def test_those_of_the_documentation_are_right() -> None:
    page = (PROJECT / "docs" / "mappings.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(examples) == 3
    assert [read_mapping(text, "shown").source for text in examples] == ["old-desk", "old-tool", "vinst"]


def test_a_status_is_a_state_with_what_goes_with_it() -> None:
    mapping = read_mapping(
        LEAST.replace('column = "Status"', 'column = "Status"\ndetail = "Why"').replace(
            '{ Open = "new" }',
            '{ Open = "new", Gone = "keep", Wait = "on_hold", "Wait / Shop" = '
            '{ state = "on_hold", hold_reason = "awaiting_vendor" }, Shut = "closed", '
            'Done = { state = "resolved", resolution_code = "workaround" }, "Done / Self" = "resolved" }',
        ),
        "desk.toml",
    )
    stands = mapping.layout(mapping.format("csv")).read_state
    nothing = {"hold_reason": None}
    assert stands(("open", "whatever")) == (State.new, nothing)
    assert stands(("Wait", None)) == (State.on_hold, {"hold_reason": HoldReason.other})
    assert stands(("WAIT", "shop")) == (State.on_hold, {"hold_reason": HoldReason.awaiting_vendor})
    workaround = nothing | {"resolution_code": ResolutionCode.workaround}
    assert stands(("Done", None)) == (State.resolved, workaround)
    assert stands(("Done", "Self")) == (State.resolved, nothing | {"resolution_code": None})
    assert stands(("Shut", None)) == (State.closed, nothing)
    assert stands(("Gone", None)) is stands(("Never heard of", None)) is stands((None, None)) is None
    assert mapping.format("csv").with_state["resolution_code"] == {State.resolved}


def test_codes_without_values_are_ours() -> None:
    mapping = read_mapping(LEAST + '[fields]\npriority = "Prio"\n', "desk.toml")
    field, expected = mapping.layout(mapping.format("csv")).codes["Prio"]
    assert (field, expected["p1"]) == ("priority", Priority.P1)


@each_case(
    ("line", "instead", "expected"),
    [
        ('case = "Ticket"\n', "", "case: this key is missing"),
        ('case = "Ticket"', "case = 3", "line 3, case: input should be a valid string"),
        ('case = "Ticket"', 'case = ""', "line 3, case: string should have at least 1 character"),
        (
            'case = "Ticket"',
            "case = Ticket",
            "The mapping is not valid TOML: Invalid value (at line 3, column 8)",
        ),
        ('"incident"', '"task"', "line 2, process: 'task' is unknown; use 'incident' or 'change'"),
        ('at = "Changed"', "", "at and state are required, or milestones"),
        (
            'at = "Changed"',
            'at = "C"\ntim = "x"',
            "line 5, tim: this key is unknown here; possible are actor, a",
        ),
        ('at = "Changed"', 'at = "C"\ntime = "x"', "line 5, time: 'x' is unknown; use 'text', 'epoch_s"),
        ('at = "Changed"', 'at = "C"\nrepeats = "x"', "line 5, repeats: input should be a valid boolean"),
        ('at = "Changed"', 'at = "C"\nignore = ["C"]', "the column 'C' is both ignored and mapped to at"),
        ("{ Open", "{ Shut", ""),
        ('"new"', '"nwe"', "line 8, state.values.Open.state: 'nwe' is unknown; use 'new', 'acknowledged'"),
        ('"new"', '"nwe"', "or 'cancelled', or 'keep' where the state stays"),
        (
            '"new"',
            "{ stat = 1 }",
            "this key is unknown here; possible are hold_reason, resolution_code, state",
        ),
        (
            '"new"',
            '{ state = "new", hold_reason = "other" }',
            "hold_reason is only possible in the state on_hold",
        ),
        (
            '"new"',
            '{ state = "new", resolution_code = "fixed" }',
            "resolution_code is only possible in the states",
        ),
        ('{ Open = "new" }', "{}", "line 8, state.values: dictionary should have at least 1 item"),
    ],
)
def test_what_is_wrong_is_said_by_key_and_line_with_what_would_be_right(
    line: str, instead: str, expected: str
) -> None:
    changed = LEAST.replace(line, instead)
    assert changed != LEAST
    if not expected:
        read_mapping(changed, "desk.toml")
        return
    message = wrong(changed)
    assert message.startswith("The mapping desk.toml cannot be used. ")
    assert expected in message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('team = "A"\nci = "A"', "the column 'A' is mapped to two fields"),
        ('teem = "A"', "line 11, fields.teem: this key is unknown here; possible are assignee, category"),
        ('priority = { column = "A", values = { x = "P9" } }', "fields.priority.values.x: 'P9' is unknown"),
        (
            'priority = { colum = "A" }',
            "line 11, fields.priority.colum: this key is unknown here; possible are",
        ),
    ],
)
def test_so_is_what_is_wrong_with_its_fields(fields: str, message: str) -> None:
    assert message in wrong(f"{LEAST}\n[fields]\n{fields}\n")


def test_all_that_is_wrong_is_said_at_once_within_bounds() -> None:
    message = wrong(LEAST + "".join(f"k{n} = 1\n" for n in range(30)).replace("k0", "[fields]\nk0"))
    assert message.count("this key is unknown") == 10
    assert message.endswith("and 20 more")


@pytest.mark.parametrize("text", ["#" * (LARGEST_MAPPING + 1), "a = " + "[" * 100_000], ids=["long", "deep"])
def test_its_size_is_bounded(text: str) -> None:
    assert "cannot be used" in wrong(text)
