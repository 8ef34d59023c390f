"""What is said of what waits for changes: items altered, problems fixed, requests fulfilled by one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.foundation.cis.payloads import ChangeAttributesCi, RegulariseCi
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.processes.changes.payloads import DraftChange, RequestEmergencyApprovalChange
from app.processes.problems.payloads import BeginFixProblem, ChangeFixProblem, NoteFixingChangeFailedProblem
from app.processes.requests.payloads import NoteChangeEndedRequest
from tests.client import Client, Json
from tests.every_action.ballots import approve
from tests.every_action.world_data import IDS, NOBODYS
from tests.people import act
from tests.processes.changes.samples import a_change

#: As the API takes them.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    RegulariseCi: lambda: {"change": NOBODYS},
    BeginFixProblem: lambda: {"no_change_reason": "A setting of ours. 我们的配置。"},
    ChangeFixProblem: lambda: {"fixing_change": "jira:CHG-8", "reason": "The first was undone. 已回退。"},
    NoteFixingChangeFailedProblem: lambda: {"change": IDS["change"]},
    NoteChangeEndedRequest: lambda: {"change": IDS["change"], "outcome": "backed_out"},
}


def _somebody(name: str, role: Role) -> Caller:
    """One of those there who hold no role otherwise, and who is nobody who acts in a test."""
    person = UUID(IDS[name])
    return Caller(f"person:{person}", person, roles=(RoleGrant(role),))


async def _approved_afterwards(client: Client, path: str) -> Json:
    """A change of the item at that address that is approved, after the item was altered without it."""
    item = await client.read(path)
    ledger, keeper = client.app.state.ledger, _somebody("doer", Role.configuration_manager)
    body = ChangeAttributesCi.model_validate({"attributes": {"memory_gib": 128}})
    altered = await act(ledger, keeper, "ci", "change_attributes", item["id"], body)
    return {"change": await approved_change(ledger, item["id"]), "alteration": str(altered.event.id)}


async def approved_change(ledger: Any, item: str, *services: str) -> str:
    """The id of a change of the item that is approved; of these services, or of mail."""
    manager = _somebody("doer", Role.change_manager)
    named = {"services": list(services)} if services else {}
    draft = DraftChange.model_validate(a_change(type="emergency", cis=[item], **named))
    change = (await act(ledger, manager, "change", "draft", body=draft)).record
    await act(ledger, manager, "change", "submit", change.id, EmptyPayload())
    question = {
        "cannot_wait": "The disk is full.",
        "question": "Shall it be made?",
    }
    body = RequestEmergencyApprovalChange.model_validate(question)
    asking = await act(ledger, manager, "change", "request_emergency_approval", change.id, body)
    await approve(ledger, "change", change.id, asking.record.approval_id)
    return str(change.id)


#: The states in which a new change can name the item.
ONLY_IN = {"ci.regularise": frozenset({"live", "maintenance"})}
#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    RegulariseCi: _approved_afterwards,
}
