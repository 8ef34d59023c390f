"""A ledger whose incidents can be decided about, and those who have to do with one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.common.people import Caller, Role
from app.foundation.decisions.actions import (
    CHILDREN,
    not_while_decided,
    rows,
)
from app.kernel.ledger import Ledger
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident
from tests.foundation.decisions.deciding import APPROVE, ASK, TABLE
from tests.kernel.incidents import report
from tests.people import add_caller


@pytest.fixture
def deciding(ledger: Ledger) -> Ledger:
    """A ledger whose incidents can be decided about, by an action of their own."""
    changed = replace(
        LIFECYCLE,
        rows=(*LIFECYCLE.rows, APPROVE, ASK, *rows(TABLE)),
        children=(*LIFECYCLE.children, *CHILDREN),
        rules=replace(LIFECYCLE.rules, change_check=not_while_decided(TABLE)),
    )
    ledger.lifecycles = {**ledger.lifecycles, "incident": changed}
    return ledger


@pytest.fixture
async def desk(deciding: Ledger) -> Caller:
    return await add_caller(deciding, "Desk", Role.agent)


@pytest.fixture
async def requester(deciding: Ledger) -> Caller:
    return await add_caller(deciding, "Requester", Role.admin)


@pytest.fixture
async def incident(deciding: Ledger, requester: Caller) -> Incident:
    """What is decided about is not written yet, so rules that are set later hold for it."""
    return await report(deciding, requester)


@pytest.fixture
async def board(deciding: Ledger) -> list[Caller]:
    """Three who see nothing by themselves."""
    return [await add_caller(deciding, f"Member {n}", Role.requester) for n in range(3)]
