"""`ledgerdesk reconcile`: computes every KPI twice, from the facts and from the raw events, and compares the
results.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from app.cli.exits import DIFFERENT
from app.cli.figures.kpi import catch_up, find_kpi
from app.cli.output import print_json, print_line
from app.cli.runtime import command_line_metadata
from app.conformance.facts import consumer as of_cases
from app.conformance.reconcile import compare_cases
from app.kpis import reconcile as both
from app.kpis.questions.question import CannotAnswer, zone_named
from app.platform import installation, loop, settings
from app.registry import LIFECYCLES

MOST_DIFFERENCES = 50


def reconcile(
    keys: Annotated[
        list[str] | None, typer.Argument(help="KPIs by key, as ledgerdesk kpi lists them. Default: all.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="Time zone of the months. Default: the organisation's.")
    ] = None,
    anew: Annotated[bool, typer.Option("--anew", help="First rebuild all facts from the whole log.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compute KPIs from the facts and from the raw events, by month and dimension, and report the
    differences. Without keys, also compare the stored course of each case with the log (conformance).
    """
    kpi_keys = [find_kpi(key).key for key in keys or ()]
    current = settings.current()
    months = _zone(zone or current.time_zone)
    with installation.open_installation(current) as place:
        installation.check(place, current)
        report = loop.run(compare_figures(place.url, months, current.currency, kpi_keys, anew=anew))
    if as_json:
        print_json(report)
    elif not report.difference_count:
        print_line(
            f"{report.compared} numbers and all their cases agree, by month in {months.key}, "
            f"as of log position {report.position}."
        )
    else:
        for difference in report.differences[:MOST_DIFFERENCES]:
            print_line(_line(difference, months))
        print_line(f"Numbers compared: {report.compared}; differences: {report.difference_count}.")
        print_line(
            "Rebuild the facts with ledgerdesk reconcile --anew. If they still differ, a definition is wrong."
        )
    if report.difference_count:
        raise typer.Exit(DIFFERENT)


async def compare_figures(
    url: str, zone: ZoneInfo, currency: str, keys: list[str], *, anew: bool
) -> both.ReconciliationReport:
    """Compare KPIs of these keys, or all of them and how each case went, after the facts have caught up."""
    await catch_up(url, *(() if keys else (of_cases.consumer(LIFECYCLES),)), anew=anew)
    with _progress() as progress:
        report = await both.reconcile(
            url,
            zone=zone,
            now=command_line_metadata().now,
            currency=currency,
            keys=keys,
            progress=progress,
            columns=settings.current().columns_dir,
        )
    if not keys:
        await compare_cases(url, LIFECYCLES, report)
    return report


@contextmanager
def _progress() -> Iterator[both.ProgressCallback]:
    """Show on standard error which KPI is being compared: in a progress bar on a terminal, else in a line for
    each KPI.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if not console.is_terminal:
        yield lambda key, done, total: console.print(f"Comparing {key}, {done + 1} of {total}.")
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Comparing")
        yield lambda key, done, total: bar.update(
            task, description=f"Comparing {key}", completed=done, total=total
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return zone_named(name)
    except CannotAnswer as error:
        raise typer.BadParameter(error.sentence("en"), param_hint="--zone") from error


def _line(difference: both.FigureDifference, zone: ZoneInfo) -> str:
    """Return a sentence on one difference."""
    month = difference.begin.astimezone(zone).strftime("%Y-%m") if difference.begin else "any time"
    cut = ", ".join(f"{name} {value or 'none'}" for name, value in difference.by.items())
    case_list = f"; cases {', '.join(map(str, difference.cases))}" if difference.cases else ""
    return (
        f"{difference.key}, {month}{f', {cut}' if cut else ''}: {difference.figure} "
        f"is {difference.fast} according to the facts and {difference.raw} according to the events{case_list}"
    )
