"""What is said of verifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.foundation.cis.payloads import (
    CheckItemVerification,
    ConcludeVerification,
    DrawVerification,
    SettleDifferenceVerification,
)
from app.kernel.actions.payloads import Payload
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NUMBERS
from tests.people import act

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    # The one item of its class that is in use is the one that is known.
    DrawVerification: lambda: {
        "key": f"sample-{next(NUMBERS)}",
        "name": "Racks, autumn 机柜",
        "size": 1,
        "ci_classes": ["other"],
        "services": [],
    },
    CheckItemVerification: lambda: {"ci": IDS["ci"], "outcome": "differs", "note": "Another room."},
    SettleDifferenceVerification: lambda: {"ci": IDS["ci"], "settlement": "corrected", "change": "CHG-17"},
    ConcludeVerification: lambda: {"summary": "All racks were where they should be."},
}


async def _differing(client: Client, path: str) -> Json:
    """Somebody else has found a difference."""
    body = CheckItemVerification.model_validate(SAMPLES[CheckItemVerification]())
    person = next(IDS[name] for name in ("it", "doer") if IDS[name] != client.id)
    checker = Caller(f"person:{person}", UUID(person), roles=(RoleGrant(Role.engineer),))
    ledger: Any = client.app.state.ledger
    await act(ledger, checker, "verification", "check_item", path.rpartition("/")[2], body)
    return {}


async def _as_recorded(client: Client, path: str) -> Json:
    await client.post_ok(f"{path}/check_item", {"ci": IDS["ci"], "outcome": "as_recorded"})
    return {}


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    SettleDifferenceVerification: _differing,
    ConcludeVerification: _as_recorded,
}
#: A difference is settled once.
NOT_SHARED = frozenset({"settle_difference"})
