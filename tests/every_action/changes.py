"""What is said of changes, and how their boards decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.foundation.decisions.payloads import AgreeToEdition
from app.kernel.actions.payloads import Payload
from app.processes.changes.payloads import (
    AssessChange,
    BackOutChange,
    ConfirmCauseChange,
    DraftChange,
    EditChange,
    NoteOverlapChange,
    RequestApprovalChange,
    RequestEmergencyApprovalChange,
    ReviewChange,
    StartChange,
)
from app.processes.changes.policies.payloads import ReviseRiskQuestionnaire
from tests.client import Api, Client, Json, add_whole_key
from tests.every_action import (
    documents,
    freezes,
    improvement_plans,
    improvements,
    process_definitions,
    rollouts,
)
from tests.every_action.world_data import IDS, TEAM, another_incident
from tests.people import act

#: As the API takes them. No items are named, which only one change holds at a time.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    DraftChange: lambda: {
        "type": "normal",
        "title": "Renew the mail relay 更换邮件中继",
        "reason": "Version 3 is no longer kept.",
        "description": "The relay gets version 4. 中继升级到第四版。",
        "services": ["mail", "calendar"],
        "no_cis_reason": "The relay is rented. 中继为租用。",
        "category": "e-mail",
        "plan": "Stop, install, start.",
        "test_plan": "Send a mail each way.",
        "back_out_plan": "Start the old version.",
        "wanted_from_at": "2199-03-02T22:00:00Z",
        "wanted_until_at": "2199-03-03T02:00:00Z",
        "team": TEAM,
        "custom": {"room": "B 2.017", "visitors": 12},
    },
    EditChange: lambda: {"title": "Renew both relays"},
    AssessChange: lambda: {
        "risk_answers": {"back_out": "yes"},
        "effects": "No mail for ten minutes. 十分钟无邮件。",
        "resources": "Two engineers.",
    },
    RequestApprovalChange: lambda: {"question": "Shall it be made?"},
    RequestEmergencyApprovalChange: lambda: {
        "question": "Shall it be made?",
        "cannot_wait": "Nobody can send mail. 无法发信。",
    },
    StartChange: lambda: {
        "out_of_window_reason": "The night is quiet.",
        "override_reason": "Both teams work side by side.",
    },
    BackOutChange: lambda: {
        "reason": "Mails came twice. 邮件重复。",
        "service_restored_at": "2026-03-02T09:30:00Z",
    },
    NoteOverlapChange: lambda: {
        "change": IDS["change"],
        "overlap_from_at": "2199-03-02T22:00:00Z",
        "overlap_until_at": "2199-03-03T02:00:00Z",
    },
    ReviewChange: lambda: {
        "outcome": "successful_with_issues",
        "first_pass": False,
        "first_pass_reason": "It took two nights.",
        "goals_met": "Mails arrive. 邮件送达。",
        "lessons": "Restart the relay last.",
    },
}


def in_an_hour() -> Json:
    """The window of an emergency, which cannot wait for the usual board."""
    begins_at = datetime.now(UTC) + timedelta(hours=1)
    window = {"wanted_from_at": begins_at, "wanted_until_at": begins_at + timedelta(hours=2)}
    return {name: instant.isoformat() for name, instant in window.items()}


#: What is said when it is opened, so that it can come to a state, or an action be carried out: whoever asks
#: for a change does not vote on it.
OPENED_TOWARDS: dict[tuple[str, str], Callable[[], Json]] = {
    ("change", "vote"): lambda: {"requester": IDS["author"]},
    ("change", "request_emergency_approval"): lambda: {"type": "emergency", **in_an_hour()},
    # Of an incident that a mail reports the effect is what its sender says.
    ("incident", "confirm_effect"): lambda: {"channel": "email", "effect": "down"},
}
#: Who implements it, so that whoever does the rest can review it; and what each of them says besides.
ACTED_BY: dict[tuple[str, str], tuple[tuple[str, Json], ...]] = {
    ("start", "implementing"): (("doer", {}),),
    ("complete", "implemented"): (("doer", {}),),
    ("back_out", "backed_out"): (("doer", {}),),
}
#: The states in which there can be what the action names, as a new normal change gets there; whoever asks for
#: it edits nothing that was put to the vote.
ONLY_IN = {
    "change.edit": frozenset({"draft", "submitted", "assessed", "deferred"}),
    "change.vote": frozenset({"awaiting_approval"}),
    "change.decide": frozenset({"awaiting_approval"}),
    "change.schedule": frozenset({"approved"}),
    "change.start": frozenset({"scheduled"}),
}
#: What must have been done before: a change is reviewed again once its review was reopened.
PREREQUISITES = {"review_again": ("reopen_review",)}
#: What puts a question, while which no other one is put.
NOT_SHARED = frozenset({"request_emergency_approval", "confirm_effect"})
#: By kind and action, what voters say so that the action follows.
VERDICTS = {
    ("change", "approve"): "approve",
    ("change", "reject"): "reject",
    ("change", "defer"): "defer",
    **freezes.VERDICTS,
    **improvement_plans.VERDICTS,
    **documents.VERDICTS,
    **process_definitions.VERDICTS,
    **improvements.VERDICTS,
    **rollouts.VERDICTS,
}
#: Who votes only if all others do not suffice: whoever implements a change must not have voted for it.
VOTING_LAST = ("everybody", "assignee", "person", "doer")


async def open_question(client: Client, path: str) -> Json:
    """The question on the change at that address, which is put as it comes to await its approval."""
    (decision,) = (await client.read(f"{path}/decisions"))["items"]
    return {"decision": decision["id"]}


async def decide(api: Api, clients: Sequence[Client], path: str, verdict: str, action: str) -> bool:
    """Whether there is a question on the record at that address, which leads to the action if all who are
    asked say that, one after the other until it is decided, and first the clients.
    """
    reader = clients[0]
    await rollouts.ask(reader, path, action)
    await improvement_plans.ask(reader, path, action)
    await freezes.ask(reader, path, action)
    items = (await reader.read(f"{path}/decisions"))["items"]
    if not items:
        return False
    body = {"decision": items[-1]["id"], "verdict": verdict, "comment": "As it stands."}
    ballots = (await reader.read(f"{path}/votes", limit=200))["items"]
    voters = [ballot["person"]["id"] for ballot in ballots if ballot["decision_id"] == body["decision"]]
    by_id = {client.id: client for client in clients}
    late = [IDS[name] for name in VOTING_LAST]
    order = [*(name for name in by_id if name not in late), *set(voters).difference(by_id, late), *late]
    for person in sorted(voters, key=order.index):
        client = by_id.get(person)
        if client is None:  # somebody to whom a test has given the role meanwhile
            client = api.with_token(await add_whole_key(api.ledger, UUID(person)), UUID(person))
        await client.post_ok(f"{path}/vote", body)
        if (await reader.read(f"{path}/decisions"))["items"][-1]["state"] != "open":
            return True
    raise AssertionError("the votes of those who are there decide nothing")


async def _answered(client: Client, path: str) -> Json:
    """The first answer to each question that is asked at present. If somebody has set the questions, two
    other change managers set them again: nobody answers what they have asked themselves.
    """
    current = await client.read("/v1/risk_questionnaires/current")
    questions, questionnaire = current["questions"], current.pop("id")
    if questionnaire is not None:
        body = ReviseRiskQuestionnaire.model_validate(
            {name: current[name] for name in ReviseRiskQuestionnaire.model_fields if name in current}
        )
        for person, name, payload in (("doer", "revise", body), ("assignee", "agree", AgreeToEdition())):
            manager = Caller(
                f"person:{IDS[person]}", UUID(IDS[person]), roles=(RoleGrant(Role.change_manager),)
            )
            await act(client.app.state.ledger, manager, "risk_questionnaire", name, questionnaire, payload)
    return {"risk_answers": {question["key"]: question["answers"][0]["key"] for question in questions}}


async def _restored(client: Client, path: str) -> Json:
    """Service is back at once."""
    return {"service_restored_at": (await client.read(path))["state_since"]}


async def _caused(client: Client, path: str) -> Json:
    return {"incident": (await another_incident(client, path))["other"]}


async def _reviewed(client: Client, path: str) -> Json:
    """The incidents that it has caused are named, another one too, and an outcome as it came."""
    links = (await client.read(f"{path}/links"))["items"]
    linked_incidents = [link["other"]["id"] for link in links if link["kind"] == "causes"]
    named = {"caused_incidents": [*linked_incidents, (await another_incident(client, path))["other"]]}
    undone = (await client.read(path))["state"] == "backed_out"
    return named | ({"outcome": "backed_out"} if undone else {})


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    AssessChange: _answered,
    BackOutChange: _restored,
    ConfirmCauseChange: _caused,
    ReviewChange: _reviewed,
}
