"""Votes, signatures, judgements, grants and secrets are for persons themselves, not for their assistants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.api.authentication.auth import assisted
from app.common.people import Caller, Role, RoleGrant
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.log.ids import uuid7
from app.registry import LIFECYCLES
from tests.assistants.allowed import EVERYWHERE, IN_SOME_KINDS
from tests.assistants.clients import Assistants
from tests.cases import each_case
from tests.client import Api, Client, an_incident
from tests.contract.answers import document
from tests.every_action.judging import BOTH_PARTIES, JUDGED_ALONE, named
from tests.every_action.world import ROWS, case_name
from tests.processes.changes.samples import a_board
from tests.selection import one_in

OF_NOBODY = {Relation.rule, Relation.decision, Relation.messenger}
OF_PERSONS = [(lc, row) for lc, row in ROWS if row.policy.roles or row.policy.relations - OF_NOBODY]
IN_PERSON = [(lc, row) for lc, row in OF_PERSONS if row.policy.bars_assistants]
#: Who there is, who may do what, and who decides: nothing of it is for assistants, whatever is added.
OF_RIGHTS = {"person", "group", "team", "key", "deputy", "absence", "approval_rule", "webhook_source"}
EVERYTHING = tuple(RoleGrant(role) for role in Role)


def _barred() -> set[str]:
    return {named(lc, row) for lc, row in IN_PERSON}


def test_every_action_is_classified() -> None:
    classified = {
        named(lc, row)
        for lc, row in OF_PERSONS
        if row.name in EVERYWHERE or lc.kind in IN_SOME_KINDS.get(row.name, ())
    }
    every = {named(lc, row) for lc, row in OF_PERSONS}
    assert every - classified == _barred(), (
        "end who with .in_person(), or add it to tests/assistants/allowed.py"
    )


def test_whatever_decides_or_judges_is_barred() -> None:
    assert _barred() >= JUDGED_ALONE | BOTH_PARTIES
    votes = {named(lc, row) for lc, row in ROWS if row.policy.relations & {Relation.voter, Relation.chair}}
    assert len(votes) > 10
    assert votes <= _barred()
    kept_apart = {named(lc, row) for lc, row in ROWS if row.checks.segregate_from}
    assert kept_apart <= _barred()


def test_whatever_is_about_rights_is_barred() -> None:
    of_rights = {named(lc, row) for lc, row in OF_PERSONS if lc.kind in OF_RIGHTS}
    assert of_rights <= _barred()
    assert {lc.kind for lc in LIFECYCLES} >= OF_RIGHTS


@each_case(("lifecycle", "row"), IN_PERSON, ids=case_name)
def test_no_role_lets_an_assistant_do_it(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> None:
    person_id = uuid7()
    person = Caller(f"person:{person_id}", person_id, EVERYTHING)
    record = lifecycle.record(id=uuid7())
    assert not row.policy.allows(assisted(person, "any"), record)
    if row.policy.roles:
        assert row.policy.allows(person, record)


def test_the_contract_says_what_persons_do_themselves() -> None:
    marked = {
        operation["x-lifecycle"]["event"]
        for _, operation in _operations()
        if operation.get("x-lifecycle", {}).get("in_person")
    }
    assert marked == {row.event for _, row in ROWS if row.policy.bars_assistants} & marked
    assert len(marked) > 100


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document()["paths"].items():
        for operation in operations.values():
            if isinstance(operation, dict):
                yield path, operation


async def test_each_is_refused_with_the_place_where_a_person_does_it(
    api: Api, assistants: Assistants
) -> None:
    admin = await api.client("Ada", *Role)
    head = await api.head()
    async with assistants.over_http(admin.token) as assistant:
        for lifecycle, row in one_in(10, IN_PERSON, lambda case: named(*case)):
            wish = {"kind": lifecycle.kind, "action": row.name, "idempotency_key": "a-key-of-ours"}
            if row.opens:
                refused = await assistant.refused("create", **wish, body={})
            else:
                refused = await assistant.refused("act", **wish, id="X-1", version=1)
            assert refused["code"] == "done_in_person", named(lifecycle, row)
            place = f"new/{lifecycle.kind}/{row.name}" if row.opens else f"{lifecycle.kind}/X-1/{row.name}"
            assert refused["link"] == f"{assistants.address}/desk/{place}"
    assert await api.head() == head


async def test_a_vote_by_an_assistant_is_refused_by_the_api_too_and_is_not_offered(api: Api) -> None:
    board = await a_board(api)
    path = await board.assessed()
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    voter = next(iter(await board.voters(path)))
    options = await voter.read(path)
    assert "vote" in {action["action"] for action in options["actions"]}
    by_assistant = {"ledgerdesk-assistant": "claude"}
    offered = (await voter.get(path, headers=by_assistant)).json()["actions"]
    assert "vote" not in {action["action"] for action in offered}
    (decision,) = (await voter.read(f"{path}/decisions"))["items"]
    body = {"decision": decision["id"], "verdict": "approve"}
    refused = await voter.post(f"{path}/vote", json=body, headers=by_assistant)
    assert (refused.status_code, refused.json()["code"]) == (403, "done_in_person")
    assert "Open the record in the browser" in refused.json()["detail"]
    assert (await voter.post(f"{path}/vote", json=body)).status_code == 200


async def test_nothing_is_asked_for_that_would_not_name_the_assistant_afterwards(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    by_assistant = {"ledgerdesk-assistant": "claude"}
    bodies: dict[str, dict[str, Any]] = {
        "/v1/sessions": {},
        "/v1/bulk_jobs": {"upload": str(uuid7()), "records": "requests"},
        "/v1/imports": {"source": "legacy", "format": "ndjson", "upload": str(uuid7())},
    }
    for path, body in bodies.items():
        refused = await admin.post(path, json=body, headers=by_assistant)
        assert (refused.status_code, refused.json()["code"]) == (403, "done_in_person"), refused.text


async def test_a_header_gives_no_right_that_the_key_has_not(api: Api) -> None:
    admin, lin = await api.client("Ada", Role.agent, Role.engineer), await api.client("Lin")
    incident = await admin.post_ok("/v1/incidents", an_incident())
    for name in ("admin", "ledgerdesk", "rule:anything", ""):
        header = {"ledgerdesk-assistant": name}
        assert (await lin.get(f"/v1/incidents/{incident['id']}", headers=header)).status_code == 404
        assert (await lin.get("/v1/me", headers=header)).json()["roles"] == (await lin.read("/v1/me"))[
            "roles"
        ]


@pytest.mark.parametrize("key", ["read", "find"])
async def test_options_name_what_is_for_the_person(api: Api, assistants: Assistants, key: str) -> None:
    admin: Client = await api.client("Ada", *Role)
    async with assistants.over_http(admin.token) as assistant:
        incident = await admin.post_ok("/v1/incidents", an_incident())
        if key == "find":
            await admin.post_ok(
                f"/v1/incidents/{incident['id']}/resolve", {"resolution_code": "fixed", "done": "It is done."}
            )
        options = await assistant.use("options", kind="incident", id=incident["number"])
        in_person = {each["action"] for each in options["in_person"]}
        assert in_person == {"hand_over_duties"} | (set() if key == "read" else {"rate"})
        assert not in_person & {each["action"] for each in options["actions"]}
        refused = await assistant.refused("options", kind="person", action="grant_role")
        assert refused["code"] == "done_in_person"
