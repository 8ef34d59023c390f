"""Every row is an operation of the contract, under the names that follow from it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from app.api.open_actions import action_link
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Json
from tests.contract import answers
from tests.every_action.world import ROWS, address, case_name, method
from tests.tidy.test_names import VAGUE

#: What opens a record, and may tell of one that is there already.
REPORTED_AGAIN = {"ReportDeployment"}
#: Events of several rows: an emergency is approved as any other change is, by another board; an improvement
#: is reverted by its quality manager, and after its cutover by the committee.
SHARED_EVENTS = ["change.approved", "improvement.reverted"]
PROBLEMS = {"400", "401", "403", "404", "406", "409", "412", "413", "415", "422", "429", "503"}

#: Bodies that several rows or kinds share.
SHARED_BODIES = frozenset(
    """EmptyPayload Reason Tallied CastVote CiAlteration DocumentReason OfDocument RequestDocumentAccess
    GrantDocumentAccess EndDocumentAccess RefuseDocumentAccess FlagLoanDocument SuggestFromAnswer
    ComplainFromAnswer RecuseVoter ReviewChange ClassTallied PlanImprovement AskMemberRequest
    AgreeToEdition AnnounceReplanningImprovement""".split()  # noqa: SIM905  # a page
)
#: Verbs whose past tense is written as they are.
SAME_IN_THE_PAST = frozenset({"read", "set"})


def operation_of(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> Json:
    """The operation at the address that the table gives it."""
    path = address(lifecycle, row, None if row.opens else {"id": "{id}"})
    body: Json = answers.document()["paths"][path][method(row).lower()]
    return body


@each_case(("lifecycle", "row"), ROWS, ids=case_name)
def test_its_operation_is_named_after_action_and_kind(
    lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    operation = operation_of(lifecycle, row)
    assert operation["operationId"] == f"{row.name}_{lifecycle.kind}"
    assert operation["summary"].split()[0].isalpha()
    assert operation["description"].startswith(row.description.rstrip("."))
    assert operation["tags"]


@each_case(("lifecycle", "row"), ROWS, ids=case_name)
def test_its_body_is_the_rows_own_and_its_link_leads_to_it(
    lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    body = operation_of(lifecycle, row)["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    link = action_link(lifecycle, row)
    name = link.body_schema
    assert f"'#/components/schemas/{name}'" in str(schema)
    assert (link.href, link.method) == (address(lifecycle, row, {"id": "{id}"}), method(row))
    needed = any(field.is_required() for field in row.body.model_fields.values())
    if needed:
        assert body["required"] is True
    components = answers.document()["components"]["schemas"]
    assert components[name]["additionalProperties"] is False


@each_case(("lifecycle", "row"), ROWS, ids=case_name)
def test_its_answers_are_the_record_and_every_problem_that_it_may_meet(
    lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    answered = operation_of(lifecycle, row)["responses"]
    missing = {"404", "412"} if row.opens else set()
    more = {"428"} if method(row) == "PATCH" else set()
    more |= {"200"} if row.body.__name__ in REPORTED_AGAIN else set()
    assert answered.keys() == (PROBLEMS - missing) | more | {"201" if row.opens else "200"}
    for status in answered.keys() & (PROBLEMS | {"428"}):
        schema = answered[status]["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/ProblemDocument"}


@each_case(("lifecycle", "row"), ROWS, ids=case_name)
def test_its_row_stands_in_the_contract(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> None:
    described = operation_of(lifecycle, row)["x-lifecycle"]
    states = [] if row.opens else [state.value for state in lifecycle.states if row.is_open_in(state)]
    assert described["from"] == states
    assert described["event"] == row.event
    assert described["who"] == row.policy.phrase("en")
    states_named = {state.value for state in lifecycle.states} | {"stays", "where it was"}
    assert states_named.issuperset(described["to"].split(" or "))


@each_case(("lifecycle", "row"), ROWS, ids=case_name)
def test_its_five_names_fit_one_another(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", row.name)
    assert re.fullmatch(rf"{lifecycle.kind}\.[a-z]+(_[a-z]+)*", row.event)
    in_the_past = row.event.removeprefix(f"{lifecycle.kind}.") != row.name or row.name in SAME_IN_THE_PAST
    assert in_the_past, "an event is in the past tense"
    of_every_ticket = {_camel(f"{row.name}_ticket"), _camel(row.name)}
    assert row.body.__name__ in {*SHARED_BODIES, *of_every_ticket, _camel(f"{row.name}_{lifecycle.kind}")}
    of_function = row.apply.__name__.removesuffix("_")  # raise is a word of Python's
    vague = VAGUE.issuperset(row.name.split("_"))
    assert of_function == row.name or vague, "only where the action's name says too little"
    for check in (*row.checks.unless, *row.checks.wrong):
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", check.__name__), "a check is the sentence that refuses"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def test_no_two_rows_share_an_event_or_an_operation() -> None:
    events = Counter(row.event for _, row in ROWS)
    assert [event for event, times in events.items() if times > 1] == SHARED_EVENTS
    operations = [f"{row.name}_{lifecycle.kind}" for lifecycle, row in ROWS]
    assert len(operations) == len(set(operations))


def test_no_lifecycle_is_without_a_way_to_be_read() -> None:
    for lifecycle in LIFECYCLES:
        assert answers.operation("GET", f"/v1/{lifecycle.plural}") is not None
        assert answers.operation("GET", f"/v1/{lifecycle.plural}/x") is not None
