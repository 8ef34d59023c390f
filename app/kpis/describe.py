"""The documentation page docs/kpis.md, generated from the declarations of KPIs. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.raw import definitions
from app.kpis.raw.definitions import BEGINNINGS, DefinitionPart


def as_markdown(kpis: Iterable[Kpi]) -> str:
    """Return the page of all KPIs."""
    kpis = list(kpis)
    processes = dict.fromkeys(process for kpi in kpis for process in kpi.processes)
    shared = (
        definitions.TURNS,
        BEGINNINGS[DefinitionPart.open],
        definitions.FIRST_ASSIGNED,
        *([BEGINNINGS[DefinitionPart.outages]] if any(kpi.is_of_outages for kpi in kpis) else ()),
        *(f"{process}/{definitions.EVENTS}" for process in processes),
        BEGINNINGS[DefinitionPart.ratings],
        BEGINNINGS[DefinitionPart.complaints],
        BEGINNINGS[DefinitionPart.catalogue],
    )
    lines = [
        "# KPIs",
        "",
        "Generated from `app/kpis/catalogue` by `make contract`; do not edit. The SQL definition of a KPI",
        "gives its exact meaning; `ledgerdesk reconcile` compares it with the facts.",
        "",
        f"All definitions begin with {_link(definitions.EVENTS)}"
        f" and end with {_link(definitions.CASES_ENDING)}.",
        f"Some share further parts: {', '.join(map(_link, shared))}.",
        "",
        "| KPI | 中文 | unit | better | what decides the period |",
        "|---|---|---|---|---|",
    ]
    for kpi in kpis:
        short = (f"[`{kpi.key}`](#{kpi.key})", kpi.zh.name, kpi.unit.en, kpi.direction.en, kpi.basis.en)
        lines.append(f"| {' | '.join(short)} |")
    for kpi in kpis:
        en, zh = kpi.texts("en"), kpi.texts("zh")
        cuts = ", ".join(f"`{dimension.value}`" for dimension in kpi.dimensions) or "nothing"
        names = definitions.definition_names(kpi)
        if kpi.aggregate is Aggregate.per_agent_day:
            names += definitions.work_definition_names(kpi)
        files = dict.fromkeys(definitions.definition_file(name) for name in names)
        written = ", ".join(map(_link, files))
        lines += [
            "",
            f"## {kpi.key}",
            f"**{en.name}.** {en.definition}",
            "",
            f"**{zh.name}**：{zh.definition}",
            "",
            f"Pitfalls: {en.pitfalls}",
            "",
            f"注意：{zh.pitfalls}",
            "",
            f"Owner: {kpi.owner.en} · {kpi.owner.zh}. Can be split and filtered by {cuts}.",
            f"Definition: {written}.",
        ]
    return "\n".join(lines) + "\n"


def _link(part: str) -> str:
    """Return a Markdown link to a file of the raw definitions."""
    return f"[raw/{part}](../app/kpis/raw/{part})"
