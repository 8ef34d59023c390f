"""The lifecycle of signals of KPIs: noted at night, explained by people, withdrawn if later events undo them.

noted ⇄ explained; noted | explained ─► withdrawn ─► noted
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import ForeignRef, KeyRef
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import process_owner, quality_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import (
    FreeText,
    Instant,
    Payload,
    Reason,
    RecordKey,
    Reference,
    ShortText,
    Statement,
)
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.declaration.marks import SignalState as State
from app.kpis.declaration.marks import Tendency
from app.kpis.questions.named_records import check_named_record
from app.kpis.questions.periods import Grain
from app.kpis.questions.scopes import KpiScope
from app.kpis.signals.records import KpiSignal
from app.kpis.statistics.behaviour import Signal

LARGEST = 2**53 - 1
Figure = Annotated[str, StringConstraints(pattern=r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?$")]
Position = Annotated[int, Field(ge=0, le=LARGEST, strict=True)]


class NoteAgainKpiSignal(Payload, of=KpiSignal):
    """The figures of a signal, and whether it needs attention."""

    since_at: Instant
    tendency: Tendency
    needs_attention: bool = Field(strict=True)
    value: Figure
    centre: Figure
    low: Figure
    high: Figure
    position: Position


class NoteKpiSignal(NoteAgainKpiSignal, of=KpiSignal):
    """A signal with its KPI, scope, rule, period and figures."""

    kpi: RecordKey
    service: Annotated[RecordKey, KeyRef("service")] | None = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.recorded, retired=True)] | None = None
    rule: Signal
    grain: Grain
    zone: ShortText
    begins_at: Instant
    ends_at: Instant


def note(signal: KpiSignal, body: NoteKpiSignal, ctx: ActionContext) -> None:
    """Note a KPI signal: the KPI has changed beyond its usual variation in this period."""
    assert ctx.assigned.number is not None, "signals have numbers"
    signal.number = ctx.assigned.number
    note_again(signal, body, ctx)
    signal.scope = KpiScope(signal.service, signal.team_id).kind


def note_again(signal: KpiSignal, body: NoteAgainKpiSignal, ctx: ActionContext) -> None:
    """Note the signal again: it was withdrawn, and later events have restored it. It needs an explanation."""
    copy_fields(signal, body, ctx)
    signal.noted_at = ctx.occurred_at
    _clear_explanation(signal)


class ExplainKpiSignal(Payload, of=KpiSignal):
    """The explanation of a signal: the reason in words, the record or event behind it, or both."""

    reason: FreeText | None = None
    cause: Statement | None = None


def explain(signal: KpiSignal, body: ExplainKpiSignal, ctx: ActionContext) -> None:
    """Explain the signal, for everybody who sees the chart."""
    copy_fields(signal, body, ctx)
    signal.explained_by_id = ctx.caller.person_id


def reopen(signal: KpiSignal, body: Reason, ctx: ActionContext) -> None:
    """Reopen the signal: its explanation is removed, and a new one is needed."""
    _clear_explanation(signal)


def _clear_explanation(signal: KpiSignal) -> None:
    signal.reason = signal.cause = signal.explained_at = signal.explained_by_id = None


class WithdrawKpiSignal(Payload, of=KpiSignal):
    """The position of the log at which the period is no longer a signal."""

    position: Position


def withdraw(signal: KpiSignal, body: WithdrawKpiSignal, ctx: ActionContext) -> None:
    """Withdraw the signal, because later events or new limits removed it."""
    signal.position = body.position
    signal.needs_attention = False


async def check_explanation(
    reads: ReadContext, signal: KpiSignal, body: ExplainKpiSignal, ctx: ActionContext
) -> None:
    """Refuse an explanation without content (`reason_or_cause`), and a cause that looks like the number of
    one of our records but does not exist (`unknown_reference`).
    """
    if body.reason is None and body.cause is None:
        raise WrongValue(pointer="/reason", because="reason_or_cause")
    await check_named_record(reads, body.cause, ctx, pointer="/cause")


EXPLAINERS = quality_manager | process_owner
NOTIFIED_ROLES = (
    RecipientRule(NoticeType.kpi_changed, roles=frozenset({Role.quality_manager}), when="needs_attention"),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="kpi_signal", plural="kpi_signals", zh="指标信号", record=KpiSignal, code="SIG",
    visible=(), lookup=Lookup(vocabulary=frozenset(KPIS)),
    rows=(
        #      action      中文        from                            to               who         event
        action(note,       "记录",     NEW_RECORD,                     State.noted,     rule,       "kpi_signal.noted", notifies=NOTIFIED_ROLES),
        action(explain,    "说明",     [State.noted],                  State.explained, EXPLAINERS, "kpi_signal.explained", wrong=(check_explanation,)),
        action(reopen,     "收回说明", [State.explained],              State.noted,     EXPLAINERS, "kpi_signal.reopened"),
        action(withdraw,   "撤回",     [State.noted, State.explained], State.withdrawn, rule,       "kpi_signal.withdrawn"),
        action(note_again, "再次记录", [State.withdrawn],              State.noted,     rule,       "kpi_signal.noted_again", notifies=NOTIFIED_ROLES),
    ),
)
# fmt: on
