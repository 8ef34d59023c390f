"""What is said of templates of standard changes, of questions about risks, and of freezes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.kernel.actions.payloads import Payload
from app.processes.changes.payloads import DraftChange
from app.processes.changes.policies.payloads import (
    EXAMPLE_QUESTIONS,
    AddRiskQuestionnaire,
    ApproveChangeTemplate,
    AskExceptionFreeze,
    DeclareFreeze,
    DraftChangeTemplate,
    EditChangeTemplate,
    EditFreeze,
    MoveFreeze,
    RenewChangeTemplate,
    ReviseRiskQuestionnaire,
)
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS, NUMBERS, TEAM
from tests.people import act
from tests.processes.changes.samples import a_change

#: As the API takes them. Freezes are long after all changes, which they would be in the way of.
#: What a rule notes first.
PREREQUISITES = {"renew": ("outgrow",)}
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    DraftChangeTemplate: lambda: {
        "key": f"relay-restart-{next(NUMBERS)}",
        "title": "Restart the mail relay 重启邮件中继",
        "description": "Only if no mail waits.",
        "services": [],
        "ci_classes": ["server"],
        "plan": "1. Drain it. 2. Restart it. 先排空，再重启。",
        "test_plan": "Send a mail to yourself.",
        "back_out_plan": "Start the standby relay.",
        "risk_level": "low",
        "team": TEAM,
    },
    ApproveChangeTemplate: lambda: {"question": "Shall it be a standard change?"},
    RenewChangeTemplate: lambda: {"question": "Shall it be a standard change again?"},
    EditChangeTemplate: lambda: {"title": "Restart the relay", "risk_level": "medium", "team": TEAM},
    AddRiskQuestionnaire: lambda: {"questions": EXAMPLE_QUESTIONS, "medium_from": 5, "high_from": 10},
    ReviseRiskQuestionnaire: lambda: {"questions": EXAMPLE_QUESTIONS, "medium_from": 4, "high_from": 9},
    DeclareFreeze: lambda: {
        "freeze_kind": "maintenance_ban",
        "title": "Closing of the year 年终结账",
        "reason": "The books are closed.",
        "from_at": "2200-02-02T00:00:00Z",
        "until_at": "2200-02-09T00:00:00Z",
        "everything": True,
        "owner": "me",
    },
    # Whoever has a change in the freeze may lengthen it, and not shorten it.
    MoveFreeze: lambda: {
        "from_at": "2200-02-01T00:00:00Z",
        "until_at": "2200-02-10T00:00:00Z",
        "reason": "The auditors stay a day longer. 审计延长一天。",
    },
    EditFreeze: lambda: {"title": "Closing of 2199", "reason": "The auditors are there.", "owner": "me"},
    AskExceptionFreeze: lambda: {
        "change": NOBODYS,
        "reason": "The certificate expires. 证书到期。",
        "question": "May it be made all the same?",
    },
}


async def _another_change(client: Client, path: str) -> Json:
    """A change that somebody else of the staff drafts, and that is excepted from nothing yet. Whoever has a
    change in a freeze cannot lift it.
    """
    window = {"wanted_from_at": "2200-02-04T00:00:00Z", "wanted_until_at": "2200-02-05T00:00:00Z"}
    body = DraftChange.model_validate(a_change(**window))
    drafter = next(IDS[name] for name in ("it", "author") if IDS[name] != client.id)
    done = await act(client.app.state.ledger, _staff(drafter), "change", "draft", body=body)
    return {"change": str(done.record.id)}


def _staff(person: str | None = None) -> Caller:
    """Somebody who may do what staff may, and is nobody who acts in a test."""
    person_id = UUID(person or IDS["doer"])
    return Caller(f"person:{person_id}", person_id, roles=(RoleGrant(Role.admin),))


async def open_question(client: Client, path: str) -> Json:
    """A question on the record at that address that waits for the client's vote, put if there is none."""
    items = (await client.read(f"{path}/decisions", limit=200))["items"]
    if not items:
        await _ask(client, path)
        return await open_question(client, path)
    return {"decision": items[-1]["id"]}


async def _ask(client: Client, path: str) -> None:
    """All who manage changes, but for one, are asked to except a change from the freeze at that address."""
    fields = {**SAMPLES[AskExceptionFreeze](), **await _another_change(client, path)}
    ledger, record = client.app.state.ledger, path.rpartition("/")[2]
    body = AskExceptionFreeze.model_validate(fields)
    await act(ledger, _staff(), "freeze", "ask_exception", record, body)


async def ask(client: Client, path: str, action: str) -> None:
    """Ask those who decide to approve the template at that address, if the action follows from that."""
    if action == "approve_by_decision" and path.startswith("/v1/change_templates/"):
        doer = Caller(f"person:{IDS['doer']}", UUID(IDS["doer"]), roles=(RoleGrant(Role.change_manager),))
        ledger, record = client.app.state.ledger, path.rpartition("/")[2]
        await act(ledger, doer, "change_template", "approve", record, ApproveChangeTemplate())


async def template_question(client: Client, path: str) -> Json:
    """The question on the template at that address, put if there is none."""
    if not (items := (await client.read(f"{path}/decisions"))["items"]):
        await ask(client, path, "approve_by_decision")
        items = (await client.read(f"{path}/decisions"))["items"]
    return {"decision": items[-1]["id"]}


#: The states in which there can be what the action names.
ONLY_IN = {"freeze.vote": frozenset({"declared"})}
#: By kind and action, what voters say so that the action follows.
VERDICTS = {("change_template", "approve_by_decision"): "approve"}
#: Whoever has drafted a template does not vote on it.
NOT_THEIR_OWN = frozenset({"change_template.vote"})
#: What puts a question, while which no other one is put.
NOT_SHARED = frozenset({"approve"})
#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    AskExceptionFreeze: _another_change,
}
