"""Checks that the targets of an agreement can be measured, and that one of them decides for each case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, caller_check
from app.service_level_engine.target_selection import TargetConditions, tied_targets
from app.service_levels.agreements.records import CLOCKS, Agreement, TargetComparator, TargetMetric

#: The members of a target that are conditions on cases.
CONDITIONS = ("process", "priority", "category", "service", "catalogue_item")
#: Metrics that only cases of one process have.
PROCESS_OF_METRIC = {TargetMetric.restore: "incident", TargetMetric.fulfilment: "request"}
#: The lifecycle whose vocabulary is the keys of KPIs.
KPI_TARGETS = "kpi_target"


def conditions_of(target: Mapping[str, Any]) -> dict[str, str]:
    """Return the conditions of a target that have a value."""
    return {name: target[name] for name in CONDITIONS if target[name] is not None}


@caller_check
async def unmeasurable_targets(
    reads: ReadContext, agreement: Agreement, body: object, ctx: ActionContext
) -> None:
    """Refuse to submit an agreement with a target that cannot be measured, or with two of which neither has
    more conditions for some case. Raises PreparationRefused.
    """
    cases = {kind for kind, lifecycle in reads.lifecycles.items() if lifecycle.is_ticket}
    kpis = reads.lifecycles[KPI_TARGETS].lookup.vocabulary
    targets = agreement.targets or []
    unmeasurable = [
        {"target": target["id"], "because": because}
        for target in targets
        for because in faults(target, agreement, cases=cases, kpis=kpis)
    ]
    if unmeasurable:
        named = ", ".join(dict.fromkeys(clock_target["target"] for clock_target in unmeasurable))
        raise PreparationRefused("targets_unmeasurable", {"targets": named}, {"targets": unmeasurable})
    tied = tied_targets(
        [
            TargetConditions(clock_target["id"], _measured(clock_target), conditions_of(clock_target))
            for clock_target in targets
        ]
    )
    if tied:
        raise PreparationRefused(
            "targets_tied", {"targets": ", ".join(tied)}, {"targets": _faults_of(tied, "tied")}
        )


def _faults_of(targets: Iterable[str], because: str) -> list[dict[str, str]]:
    return [{"target": target, "because": because} for target in targets]


def _measured(target: Mapping[str, Any]) -> str:
    """Return the key of the target's metric: each KPI is a metric of its own."""
    return f"{target['metric']}:{target['kpi']}" if target["kpi"] else str(target["metric"])


def faults(
    target: Mapping[str, Any], agreement: Agreement, *, cases: Collection[str], kpis: Collection[str]
) -> Iterator[str]:
    """Yield the codes of the faults by which the target cannot be measured. `cases` are the kinds of tickets,
    `kpis` the keys of the KPIs.
    """
    metric, process = TargetMetric(target["metric"]), target["process"]
    if process is not None and process not in cases:
        yield "no_such_process"
    if process is not None and process != PROCESS_OF_METRIC.get(metric, process):
        yield "not_of_this_process"
    if metric in CLOCKS:
        yield from _clock_faults(target)
        return
    if target["threshold"] is None:
        yield "no_threshold"
    if metric is TargetMetric.kpi:
        if target["kpi"] not in kpis:
            yield "no_such_kpi"
    elif target["kpi"] is not None:
        yield "kpi_of_another_metric"
    if metric is TargetMetric.availability:
        yield from _availability_faults(target, agreement)


def _clock_faults(target: Mapping[str, Any]) -> Iterator[str]:
    if target["threshold_seconds"] is None:
        yield "no_threshold"
    if target["comparator"] != TargetComparator.le:
        yield "clock_is_at_most"
    if target["kpi"] is not None:
        yield "kpi_of_another_metric"


def _availability_faults(target: Mapping[str, Any], agreement: Agreement) -> Iterator[str]:
    threshold = target["threshold"]
    if target["comparator"] != TargetComparator.ge:
        yield "availability_is_at_least"
    if threshold is not None and Decimal(threshold) > 1:
        yield "not_a_share"
    if not agreement.services and target["service"] is None:
        yield "availability_of_no_service"
