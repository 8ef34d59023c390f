"""Access to KPIs, and the question of a request about a KPI."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from app.common.people import Caller
from app.kernel.access.visibility import overseers, sees_every_record
from app.kernel.actions.actor_policy import ActorPolicy
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import NotFound
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Kpi
from app.kpis.questions.lookups import processes_by_post
from app.kpis.questions.periods import LARGEST_NUMBER
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.platform.settings import Settings


def permitted_kpi(ledger: Ledger, context: CommandMetadata, key: str) -> Kpi:
    """Return the KPI of that key. Raises NotFound, or Forbidden if the caller may not see it."""
    kpi = KPIS.get(key)
    if kpi is None:
        raise NotFound()
    if not may_see_kpi(ledger, context.caller, kpi):
        agents_see = ledger.settings.agents_see
        may = [overseers(ledger.lifecycles[kind], agents_see=agents_see) for kind in kpi.processes]
        raise ledger.forbidden(ActorPolicy(frozenset.intersection(*may)), context.language)
    return kpi


async def permitted_figures(ledger: Ledger, context: CommandMetadata, key: str) -> Kpi:
    """Return the KPI of that key, whose figures, and not the cases, the owner and the executor of the process
    see as well: by their post. Raises as `permitted_kpi` does.
    """
    kpi = KPIS.get(key)
    kpis = [] if kpi is None else await figures_shown(ledger, context.caller, [kpi])
    return kpis[0] if kpis else permitted_kpi(ledger, context, key)


async def figures_shown(ledger: Ledger, caller: Caller, kpis: Iterable[Kpi]) -> list[Kpi]:
    """Return those of the KPIs whose figures the caller may see: by a role, or by a post in each of the
    processes that the KPI counts.
    """
    every = list(kpis)
    may_see = {kpi.key for kpi in every if may_see_kpi(ledger, caller, kpi)}
    unseen = {process for kpi in every if kpi.key not in may_see for process in kpi.processes}
    by_post = await posts_in(ledger, caller, unseen)
    return [kpi for kpi in every if kpi.key in may_see or by_post.issuperset(kpi.processes)]


async def posts_in(ledger: Ledger, caller: Caller, processes: Collection[str]) -> frozenset[str]:
    """Return those of the processes whose figures the caller may see as their owner or executor."""
    if not processes or caller.person_id is None or caller.is_narrowed:
        return frozenset()
    return await processes_by_post(ledger.db, caller.person_id, processes)


def may_see_kpi(ledger: Ledger, caller: Caller, kpi: Kpi) -> bool:
    """Return whether the caller may see the KPI: every record of the processes that it counts."""
    agents_see = ledger.settings.agents_see
    return all(
        sees_every_record(caller, ledger.lifecycles[kind], agents_see=agents_see) for kind in kpi.processes
    )


def question_of(
    settings: Settings,
    kpi: Kpi,
    parameters: QuestionParameters,
    now: datetime,
    *,
    most_periods: int = LARGEST_NUMBER,
) -> KpiQuestion:
    """Return the question about the KPI under the organisation's settings. Raises CannotAnswer."""
    return parse_question(
        kpi,
        parameters,
        now=now,
        organisation_zone=settings.time_zone,
        reopen_days=settings.reopen_days,
        currency=settings.currency,
        most_periods=most_periods,
    )
