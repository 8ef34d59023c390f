"""When an action looks up what it needs: behind what forbids it whatever is said, before what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.common.people import Caller, Role
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext, ActionSettings
from app.kernel.actions.lifecycle import Action, Checks
from app.kernel.actions.refusals import ActionUnavailable, PreparationRefused, WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident
from tests.kernel.incidents import report
from tests.people import add_caller, context


@dataclass(frozen=True, slots=True)
class Steps:
    """What was asked before it was prepared."""

    before: tuple[str, ...]


class Asking:
    """A row that says in which order it is asked, and refuses where it is told to."""

    def __init__(self, refuses: str | None = None) -> None:
        self.refuses = refuses
        self.asked: list[str] = []
        self.seen: list[Steps] = []

    async def forbidden(self, reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
        """Whatever is said."""
        self.asked.append("unless")
        return "nobody_has_seen_it" if self.refuses == "unless" else None

    async def steps(self, reads: ReadContext, incident: Incident, body: Any, ctx: ActionContext) -> Steps:
        """What was asked so far."""
        self.asked.append("prepare")
        if self.refuses == "prepare":
            raise PreparationRefused("not_on_call")
        return Steps(tuple(self.asked))

    async def mistaken(self, reads: ReadContext, incident: Incident, body: Any, ctx: ActionContext) -> None:
        """Because of what is said."""
        self.asked.append("wrong")
        self.seen.append(ctx.prepared(Steps))
        if self.refuses == "wrong":
            raise WrongValue(pointer="/reason", because="missing")

    def apply(self, incident: Incident, body: Any, ctx: ActionContext) -> None:
        """What is prepared is there."""
        self.asked.append("apply")
        self.seen.append(ctx.prepared(Steps))

    @property
    def row(self) -> Action[Incident, Any]:
        """The row."""
        return replace(
            LIFECYCLE["cancel"],
            apply=self.apply,
            checks=Checks(unless=(self.forbidden,), prepare=(self.steps,), wrong=(self.mistaken,)),
        )


@pytest.fixture
async def agent(ledger: Ledger) -> Caller:
    return await add_caller(ledger, "Agent", Role.agent)


async def carry_out(ledger: Ledger, agent: Caller, asking: Asking) -> None:
    incident = await report(ledger, agent)
    row = asking.row
    body = row.body(reason="It was none.")
    await perform(ledger, Command(LIFECYCLE, row, str(incident.id), body, context(agent)))


async def test_what_forbids_it_is_asked_then_it_is_prepared_then_what_is_wrong(
    ledger: Ledger, agent: Caller
) -> None:
    asking = Asking()
    await carry_out(ledger, agent, asking)
    assert asking.asked == ["unless", "prepare", "wrong", "apply"]
    assert asking.seen == [Steps(("unless", "prepare"))] * 2, "all that come after have the same value"


async def test_what_is_forbidden_whatever_is_said_prepares_nothing(ledger: Ledger, agent: Caller) -> None:
    asking = Asking(refuses="unless")
    with pytest.raises(ActionUnavailable):
        await carry_out(ledger, agent, asking)
    assert asking.asked == ["unless"]


async def test_what_cannot_be_prepared_is_refused_as_a_check_refuses(ledger: Ledger, agent: Caller) -> None:
    asking = Asking(refuses="prepare")
    with pytest.raises(ActionUnavailable) as refusal:
        await carry_out(ledger, agent, asking)
    assert (refusal.value.code, refusal.value.more["state"]) == ("not_on_call", "new")
    assert asking.asked == ["unless", "prepare"]


async def test_what_no_row_prepares_is_not_to_be_had(agent: Caller) -> None:
    ctx = ActionContext(agent, context(agent).now, context(agent).now, ActionSettings(7))
    with pytest.raises(AssertionError, match="Steps"):
        ctx.prepared(Steps)


async def test_what_could_change_afterwards_or_is_there_already_is_not_kept(agent: Caller) -> None:
    ctx = ActionContext(agent, context(agent).now, context(agent).now, ActionSettings(7))
    ctx.add_prepared(Steps(()))
    with pytest.raises(AssertionError, match="two"):
        ctx.add_prepared(Steps(()))
    with pytest.raises(AssertionError, match="dataclass"):
        ctx.add_prepared({"due_at": None})
