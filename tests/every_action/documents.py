"""What is said of documents, of their own and of other records."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.common.people import Caller, Role, RoleGrant
from app.foundation.documents.keeping.actions import KeptDocuments, document_actions
from app.foundation.documents.keeping.payloads import (
    AcknowledgeDocument,
    DestroyDocument,
    DocumentReason,
    EndDocumentAccess,
    FlagLoanDocument,
    GrantDocumentAccess,
    LendDocument,
    OfDocument,
    RefuseDocumentAccess,
    RequestDocumentAccess,
    ReturnDocument,
)
from app.foundation.documents.keeping.retention import YEARS
from app.foundation.documents.records import Importance
from app.governance.documents.payloads import (
    ConfirmDocument,
    CountersignDocument,
    DraftDocument,
    PublishDocument,
    ReadDocument,
    ReviewDocument,
    ReviseDocument,
    SubmitDocument,
    SupersedeDocument,
)
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import ActionUnavailable, ConflictingDuty
from app.registry import LIFECYCLES
from tests.client import Client, Json
from tests.clocks import from_now
from tests.every_action.world_data import IDS, NOBODYS, TEAM
from tests.people import act

_TALLIED = {
    "decision": NOBODYS,
    "outcome": "approved",
    "voters": 3,
    "approvals": 2,
    "rejections": 0,
    "deferrals": 0,
    "abstentions": 1,
}
AHEAD = from_now(300)

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    DraftDocument: lambda: {
        "document_class": "PR",
        "subclass": "Work instruction",
        "template": "T-PR-02",
        "title": "How incidents are taken up 事件受理规程",
        "importance": "general",
        "confidentiality": "internal",
        "readers": [IDS["person"]],
        "reader_teams": [TEAM],
        "tier": "management",
        "team": TEAM,
        "countersigning_teams": [],
        "external_number": "SD-02001",
        "upload": NOBODYS,
        "name": "流程 process.txt",
    },
    ReviseDocument: lambda: {"upload": NOBODYS, "name": "process.txt", "title": "How they are taken up 受理"},
    SubmitDocument: lambda: {"question": "Is it right?", "changes": "The first version. 首版。"},
    ReviewDocument: lambda: _TALLIED,
    CountersignDocument: lambda: _TALLIED,
    PublishDocument: lambda: {
        "effective_at": AHEAD,
        "acknowledged_by": [IDS["person"]],
        "review_due_at": AHEAD,
    },
    ConfirmDocument: lambda: {"review_due_at": AHEAD},
    SupersedeDocument: lambda: {"successor": NOBODYS},
    ReadDocument: lambda: {"channel": "file", "edition": 1},
    OfDocument: dict,
    DestroyDocument: dict,
    AcknowledgeDocument: dict,
    RequestDocumentAccess: lambda: {"purpose": "For the audit. 审计需要。"},
    RefuseDocumentAccess: lambda: {
        "person": IDS["person"],
        "refusal_reason": "The summary says it all. 见摘要。",
    },
    GrantDocumentAccess: lambda: {"person": IDS["person"], "until_at": AHEAD},
    EndDocumentAccess: lambda: {"reader": NOBODYS},
    LendDocument: lambda: {
        "place": "Shelf 4 四号架",
        "borrower": IDS["person"],
        "until_at": AHEAD,
    },
    ReturnDocument: lambda: {"loan": NOBODYS},
    FlagLoanDocument: lambda: {"loan": NOBODYS, "borrower": IDS["person"]},
    DocumentReason: lambda: {"reason": "A lawsuit needs it. 诉讼需要。"},
}


async def _file(client: Client, path: str) -> Json:
    """A file that was uploaded."""
    answer = await client.put(f"/v1/uploads/{uuid4()}", content=b"How incidents are taken up.")
    assert answer.status_code == 200, answer.text
    return {"upload": answer.json()["id"]}


def _kind(path: str) -> str:
    """Of which kind the record at that address is."""
    plural = path.removeprefix("/v1/").partition("/")[0]
    return next(lifecycle.kind for lifecycle in LIFECYCLES if lifecycle.plural == plural)


def _named(path: str, action: str) -> str:
    """Where that action on the record's document is."""
    if _kind(path) == "document":
        return f"{path}/{action}"
    verb, _, noun = action.rpartition("_")
    return f"{path}/{verb}_document_{noun}" if verb else f"{path}/{action}_document"


async def _document(client: Client, path: str) -> Json:
    """The newest document of the record; minutes are published once they are signed."""
    if _kind(path) == "meeting":
        await client.post(f"{path}/sign")
    return {"document": (await client.read(f"{path}/documents"))["items"][-1]["id"]}


async def _by_manager(client: Client, path: str, action: str, body: Payload) -> None:
    """Another quality manager does that with the document, unless it was done."""
    person_id = UUID(IDS["it"] if client.id != IDS["it"] else IDS["business"])
    manager = Caller(f"person:{person_id}", person_id, roles=(RoleGrant(Role.quality_manager),))
    name = _named(path, action).rpartition("/")[2]
    # It may be done already, where something is tried that is refused.
    with contextlib.suppress(ActionUnavailable, ConflictingDuty):
        await act(client.app.state.ledger, manager, _kind(path), name, path.rpartition("/")[2], body)


async def _archived(client: Client, path: str) -> Json:
    """The document, which was archived."""
    named = await _document(client, path)
    if _kind(path) != "document":
        await _by_manager(client, path, "archive", DocumentReason.model_validate(named | {"reason": "Old."}))
    return named


async def _held(client: Client, path: str) -> Json:
    """The document, which is on a legal hold."""
    named = await _document(client, path)
    await _by_manager(client, path, "hold", DocumentReason.model_validate(named | {"reason": "A lawsuit."}))
    return named


async def _condemned(client: Client, path: str) -> Json:
    """The document, for the destruction of which somebody else has asked."""
    named = await _archived(client, path)
    await _by_manager(client, path, "ask_destruction", OfDocument.model_validate(named))
    return named


async def _readable(client: Client, path: str) -> Json:
    """A person who may see the document for a time, which is soon over."""
    until_at = datetime.now(UTC) + timedelta(hours=1)
    body = {"person": IDS["person"], "until_at": until_at.isoformat()} | await _document(client, path)
    await client.post_ok(_named(path, "grant_access"), body)
    return {"reader": (await client.read(f"{path}/document_readers"))["items"][-1]["id"]}


async def ask_as(client: Client, path: str, person: str) -> None:
    """That person, who sees the record, asks to see its document."""
    named, person_id = await _document(client, path), UUID(person)
    asker = Caller(f"person:{person}", person_id, roles=(RoleGrant(Role.quality_manager),))
    body = RequestDocumentAccess.model_validate(named | {"purpose": "For the audit."})
    name, record = _named(path, "request_access").rpartition("/")[2], path.rpartition("/")[2]
    await act(client.app.state.ledger, asker, _kind(path), name, record, body)


async def _asked_for(client: Client, path: str) -> Json:
    """A person who asks to see the document."""
    named = await _document(client, path)
    await client.post(_named(path, "request_access"), json=named | {"purpose": "For the audit."})
    return named | {"person": client.id}


async def _lent(client: Client, path: str) -> Json:
    """A copy that is lent."""
    body = {"place": "Shelf 4", "borrower": IDS["person"], "until_at": AHEAD} | await _document(client, path)
    await client.post_ok(_named(path, "lend"), body)
    return {"loan": (await client.read(f"{path}/document_loans"))["items"][-1]["id"]}


@contextlib.contextmanager
def kept_for_no_time() -> Iterator[None]:
    """In a world in which general documents need not be kept once they are archived."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(YEARS, Importance.general, 0)
        yield


PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    DraftDocument: _file,
    ReviseDocument: _file,
    EndDocumentAccess: _readable,
    ReturnDocument: _lent,
    FlagLoanDocument: _lent,
    DestroyDocument: _condemned,
    RefuseDocumentAccess: _asked_for,
    OfDocument: _archived,
    **dict.fromkeys(
        (
            AcknowledgeDocument,
            RequestDocumentAccess,
            GrantDocumentAccess,
            LendDocument,
            DocumentReason,
        ),
        _document,
    ),
}
#: What must be there before actions that share a payload with others.
PREPARED_FOR_ROW = {"release_document_hold": _held}
#: By kind and action, what voters say so that the action follows.
VERDICTS = {("document", "review"): "approve"}
#: What cannot be done again where it was done before.
NOT_SHARED = frozenset(
    {
        *(
            "acknowledge",
            "request_access",
            "refuse_access",
            "grant_access",
            "end_access",
            "return",
            "flag_loan",
            "hold",
            "release_hold",
        ),
        *("warn_of_retention", "ask_destruction"),
        *(row.name for row in document_actions(KeptDocuments(kind="any", any=()))),
    }
)
#: By kind, a state in which a new record has a document in force, and one in which it can be archived. That
#: in all others rows are the same is their declaration's.
STATES = {
    "request": ("requirements_confirmed", "cancelled"),
    "sla": ("signed", "terminated"),
    "improvement_plan": ("approved", "closed"),
    "improvement": ("in_review", "rejected"),
    "training": ("held", "held"),
    "process_definition": ("published", "superseded"),
    "meeting": ("minuted", "minuted"),
}
#: Kinds that customers see only where a record names them; whoever sees it acknowledges its documents.
SEEN_BY_STAFF = frozenset(STATES) - {"request", "improvement"}
ARCHIVING = frozenset(
    {"archive_document", "warn_of_document_retention", "ask_document_destruction", "destroy_document"}
)
_ROWS = [(kind, row.name) for kind in STATES for row in document_actions(KeptDocuments(kind=kind, any=()))]
#: The states that the way to a record leads through, on which the action can be carried out.
WAYS = {f"request.{action}": "requirements_confirmed" for action in ARCHIVING}
#: Whoever has written a document does not vote on it.
NOT_THEIR_OWN = frozenset({"document.vote", "document.confirm"})
#: The states in which there can be what the action names.
ONLY_IN: dict[str, frozenset[str]] = {
    "document.vote": frozenset({"in_review"}),
    # Access is granted, and copies are lent, of what is in force.
    "document.end_access": frozenset({"published"}),
    "document.refuse_access": frozenset({"published"}),
    "document.return": frozenset({"published"}),
    "document.flag_loan": frozenset({"published"}),
    **{f"{kind}.{name}": frozenset({STATES[kind][name in ARCHIVING]}) for kind, name in _ROWS},
}
#: What must have been done before.
PREREQUISITES = {"release_hold": ("hold",)}
