"""What is said of discoveries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from app.common.people import rule_caller
from app.foundation.cis.payloads import ReportAlterationCi
from app.foundation.discoveries.lifecycle import LIFECYCLE
from app.foundation.discoveries.payloads import (
    CompareAgainDiscovery,
    ConcludeDiscovery,
    FailDiscovery,
    FinishComparison,
    KeepDiscovery,
    ListDifferences,
    RaiseAlterationsDiscovery,
    RecordDiscovery,
    TakeOverDiscovery,
)
from app.foundation.discoveries.preparation import FoundDifferences
from app.foundation.discoveries.records import DiscoveredKind
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS, NUMBERS
from tests.people import context

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    RecordDiscovery: lambda: {
        "key": f"scan-{next(NUMBERS)}",
        "source": "scanner",
        "found_at": "2026-03-02T09:30:00+08:00",
        "format": "csv",
        "upload": NOBODYS,
        "ci_class": "other",
        "complete_classes": ["other"],
        "columns": {"Hostname": "key", "机房": "room"},
    },
    ListDifferences: dict,
    FinishComparison: dict,
    CompareAgainDiscovery: dict,
    FailDiscovery: lambda: {"failure": "unreadable"},
    TakeOverDiscovery: lambda: {"kind": "differs", "change": "CHG-17"},
    KeepDiscovery: lambda: {"kind": "differs", "reason": "The scanner reads another rack. 读错机柜。"},
    RaiseAlterationsDiscovery: lambda: {"kind": "differs", "change": "CHG-17"},
    ConcludeDiscovery: lambda: {"summary": "All racks were where they should be."},
    ReportAlterationCi: lambda: {"found": "room: A1 -> A2", "change": "CHG-17"},
}


async def _sent(client: Client, path: str) -> Json:
    """A file that was uploaded."""
    answer = await client.put(f"/v1/uploads/{uuid4()}", content=b"Hostname,room\nrack-1,A2\n")
    return {"upload": answer.json()["id"]}


async def _listed(client: Client, path: str) -> Json:
    """A difference of the item that is there, which the comparison has listed."""
    item = await client.app.state.ledger.db.row("select attributes from fold.ci where id = %s", (IDS["ci"],))
    items = {
        "kind": DiscoveredKind.differs,
        "identity": "rack-1",
        "ci_id": UUID(IDS["ci"]),
        "ci_class": "other",
        "attribute": "attributes.room",
        "here": item["attributes"].get("room"),
        "there": f"A{next(NUMBERS)}",
        "line": 2,
    }
    command: Any = Command(
        LIFECYCLE,
        LIFECYCLE["list_differences"],
        path.rpartition("/")[2],
        ListDifferences(),
        context(rule_caller("tests"), datetime.now(UTC)),
        prepared=(FoundDifferences((items,)),),
    )
    await perform(client.app.state.ledger, command)
    return {}


async def _altered(client: Client, path: str) -> Json:
    """The item that differs is altered once more."""
    body = {"attributes": {"room": f"B{next(NUMBERS)}"}}
    await client.post_ok(f"/v1/cis/{IDS['ci']}/change_attributes", body)
    return {}


async def _up_to_date(client: Client, path: str) -> Json:
    """Whatever others have altered is compared again; there may be nothing."""
    await client.post(f"{path}/compare_again")
    return {}


async def _settled(client: Client, path: str) -> Json:
    await _up_to_date(client, path)
    await client.post_ok(f"{path}/keep", {"kind": "differs", "reason": "The scanner is wrong."})
    return {}


#: What settles the only difference that is listed.
NOT_SHARED = frozenset({"take_over", "keep", "raise_alterations", "compare_again"})

#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    RecordDiscovery: _sent,
    FinishComparison: _listed,
    CompareAgainDiscovery: _altered,
    TakeOverDiscovery: _up_to_date,
    KeepDiscovery: _up_to_date,
    RaiseAlterationsDiscovery: _up_to_date,
    ConcludeDiscovery: _settled,
}
