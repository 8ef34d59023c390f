"""The pages of how cases ran: how many fit the expected path, which paths they took, where they left it, and
the cases of each of these figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from starlette.responses import Response

from app.api.direct import Router
from app.conformance.kinds import with_cases
from app.conformance.parameters import PathKind
from app.conformance.paths import Misfit
from app.conformance.step_words import state_label, step_label
from app.dashboard.addresses import PROCESS_PAGES, ROOT
from app.dashboard.conformance.paths import path_on_page
from app.dashboard.opening import DashboardPage, open_dashboard
from app.desk.operation_calls import CallAnswer, CallRefused
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.questions.periods import first_day
from app.kpis.statistics.intervals import difference_of_shares

PATH = f"{ROOT}/conformance"
router = Router(prefix=PATH, include_in_schema=False)
MOST_PATHS, CASES_SHOWN, STATES_SHOWN = 10, 200, 8
#: Parameters that narrow the cases of a kind to those of a figure, as written in addresses.
NARROWING = ("variant", "fits", "misfit", "step", "state", "came_back", "cursor")


@dataclass(frozen=True, slots=True)
class CountedRow:
    """A step of cases, in words; the number of cases, their time, and the address of their list."""

    words: str
    cases: int
    share: str
    median: str
    address: str


@router.get("")
async def get_conformance_page(request: Request) -> Response:
    """Return the page of how the cases of the first kind ran that the reader oversees."""
    page = await open_dashboard(request)
    for kind in PROCESS_PAGES:
        if kind in page.desk.lifecycles:
            answer = await _conformance_answer(page, page.desk.lifecycle(kind), _period(page))
            if answer.is_success:
                return await _answer(page, page.desk.lifecycle(kind), answer.document)
    raise CallRefused(answer)


@router.get("/{kind}")
async def get_conformance_kind_page(request: Request, kind: str) -> Response:
    """Return the page of how the cases of that kind ran."""
    page = await open_dashboard(request)
    lifecycle = page.desk.lifecycle(kind)
    answer = await _conformance_answer(page, lifecycle, _period(page))
    if not answer.is_success:
        raise CallRefused(answer)
    return await _answer(page, lifecycle, answer.document)


@router.get("/{kind}/cases")
async def get_conformance_cases_page(request: Request, kind: str) -> Response:
    """Return the page of the cases of a figure, each of which leads to its page at the desk."""
    page = await open_dashboard(request)
    lifecycle, words = page.desk.lifecycle(kind), page.unit_words("seconds")
    narrowing = {name: text for name in NARROWING if (text := request.query_params.get(name))}
    parameters = {**_period(page), **narrowing, "limit": str(CASES_SHOWN)}
    listed = await page.desk.calls.read(f"/v1/conformance/{kind}/cases", parameters)
    following = listed["next_cursor"]
    path = f"{PATH}/{kind}/cases"
    return page.answer(
        "conformance/cases.html",
        page.sentence("conformance_page.cases_title", kinds=page.desk.kinds_label(kind)),
        path=path,
        kind=kind,
        chosen=_in_words(page, lifecycle, narrowing),
        back=page.view.address(f"{PATH}/{kind}"),
        narrowing=narrowing,
        next_page=None
        if following is None
        else page.view.address(path, **{**narrowing, "cursor": following}),
        rows=[
            {
                "number": case["number"],
                "state": ""
                if case["state"] is None
                else state_label(lifecycle, case["state"], page.language),
                "ended_at": case["ended_at"],
                "seconds": "" if case["seconds"] is None else words.value(case["seconds"]),
                "misfits": _misfits(page, lifecycle, case),
            }
            for case in listed["items"]
        ],
    )


def _period(page: DashboardPage, first: date | None = None) -> dict[str, str]:
    """Return the period of the view, or the one before that begins then, as parameters of the operations."""
    view = page.view
    scope = {name: values for name, values in view.scope_parameters().items() if name != "priority"}
    begin, end = (view.first, view.end_day) if first is None else (first, view.first)
    return {"from": begin.isoformat(), "to": end.isoformat(), **view.zone_parameters(), **scope}


async def _conformance_answer(
    page: DashboardPage, lifecycle: Lifecycle[Any], parameters: Mapping[str, str]
) -> CallAnswer:
    return await page.desk.calls.send("GET", f"/v1/conformance/{lifecycle.kind}", parameters=parameters)


async def _answer(page: DashboardPage, lifecycle: Lifecycle[Any], summary: Mapping[str, Any]) -> Response:
    view, kind = page.view, lifecycle.kind
    first_before = first_day(view.grain, view.first - timedelta(days=1))
    summary_before = (await _conformance_answer(page, lifecycle, _period(page, first_before))).document
    parameters = {**_period(page), "limit": str(MOST_PATHS)}
    variants = await page.desk.calls.read(f"/v1/conformance/{kind}/variants", parameters)
    shares, times = page.unit_words("ratio"), page.unit_words("seconds")
    most = max((variant["cases"] for variant in variants["items"]), default=1)
    return page.answer(
        "conformance/page.html",
        page.sentence("conformance_page.cases_title", kinds=page.desk.kinds_label(kind)),
        path=f"{PATH}/{kind}",
        kind=kind,
        summary=summary,
        lead=_lead(page, lifecycle, summary, summary_before),
        fitting=_address(page, kind, f"{summary['link']}&fits=true"),
        misfitting=_address(page, kind, summary["misfitting_link"]),
        paths=[
            path_on_page(variant, most, lifecycle, shares, times, _address(page, kind, variant["link"]))
            for variant in variants["items"]
        ],
        number_of_paths=variants["variants"],
        misfits=_misfit_rows(page, kind, summary),
        waiting=_waiting_rows(page, kind, summary),
        rework=_address(page, kind, summary["rework"]["link"]),
        expected=[step["label"] for step in _steps(summary) if step["needed"]],
        kinds=_kinds(page),
        ignored=[name for name in view.scope if name == "priority"],
        document=summary,
    )


def _steps(summary: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    path = summary["path"]
    return [] if path is None else path["steps"]


def _kinds(page: DashboardPage) -> list[tuple[str, str, str]]:
    """Return the kinds of cases, each with its label and the address of its page; those of process pages
    first.
    """
    kinds = [lifecycle.kind for lifecycle in with_cases(page.desk.lifecycles.values())]
    labels = {kind: page.desk.kinds_label(kind) for kind in kinds}
    ordered = [kind for kind in PROCESS_PAGES if kind in labels]
    ordered += sorted(set(kinds).difference(ordered), key=lambda kind: labels[kind])
    return [(kind, labels[kind], page.view.address(f"{PATH}/{kind}")) for kind in ordered]


def _lead(
    page: DashboardPage, lifecycle: Lifecycle[Any], summary: Mapping[str, Any], before: Mapping[str, Any]
) -> str:
    """Return how many cases fit, against the period before, in a sentence."""
    say, shares = page.sentence, page.unit_words("ratio")
    kinds = page.desk.kinds_label(lifecycle.kind)
    named = {"period": page.period_name(), "kinds": kinds if page.language == "zh" else kinds.lower()}
    if not summary["cases"]:
        return say("conformance_page.no_cases", **named)
    if summary["fitting"] is None:
        return say("conformance_page.no_path", n=f"{summary['cases']:,}", **named)
    parts = [
        say(
            f"conformance_page.fit_{PathKind(summary['path']['kind'])}",
            fitting=f"{summary['fitting']:,}",
            n=f"{summary['cases']:,}",
            share=shares.value(summary["fit_share"]),
            **named,
        )
    ]
    if before.get("fit_share") is not None:
        moved = shares.difference(summary["fit_share"] - before["fit_share"])
        low, high = difference_of_shares(
            (summary["fitting"], summary["cases"]), (before["fitting"], before["cases"])
        )
        parts.append(
            say(
                "conformance_page.before_by_chance" if low <= 0 <= high else "conformance_page.before",
                moved=moved,
                low=shares.difference(low),
                high=shares.difference(high),
                period=page.period_name(first_day(page.view.grain, page.view.first - timedelta(days=1))),
            )
        )
    return shares.translate("joined").join(parts)


def _misfit_rows(page: DashboardPage, kind: str, summary: Mapping[str, Any]) -> list[CountedRow]:
    """Return the ways in which cases left the path, the most frequent first."""
    shares = page.unit_words("ratio")
    rows = sorted(summary["misfits"], key=lambda misfit: -misfit["cases"])
    return [
        CountedRow(
            page.sentence(
                "conformance_page.misfit",
                misfit=Misfit(misfit["misfit"]).label(page.language),
                step=misfit["label"],
            ),
            misfit["cases"],
            shares.value(misfit["cases"] / summary["cases"]),
            "",
            _address(page, kind, misfit["link"]),
        )
        for misfit in rows
    ]


def _waiting_rows(page: DashboardPage, kind: str, summary: Mapping[str, Any]) -> list[CountedRow]:
    """Return the states in which the cases spent their time, the longest first; those in which the work is
    done last.
    """
    say = page.sentence
    shares, times = page.unit_words("ratio"), page.unit_words("seconds")
    return [
        CountedRow(
            state["label"],
            state["cases"],
            say("conformance_page.waits_to_close")
            if state["share_of_work"] is None
            else shares.value(state["share_of_work"]),
            times.value(state["seconds"]["median"]),
            _address(page, kind, state["link"]),
        )
        for state in sorted(summary["waiting"], key=lambda each: each["share_of_work"] is None)[:STATES_SHOWN]
    ]


def _address(page: DashboardPage, kind: str, link: str) -> str:
    """Return the page of the cases that an address of the API lists."""
    narrowing = {name: text for name, text in parse_qsl(urlsplit(link).query) if name in NARROWING}
    return page.view.address(f"{PATH}/{kind}/cases", **narrowing)


def _in_words(page: DashboardPage, lifecycle: Lifecycle[Any], narrowing: Mapping[str, str]) -> str:
    """Return which cases are listed."""
    step = step_label(lifecycle, narrowing["step"], page.language) if "step" in narrowing else ""
    if narrowing.get("misfit") in list(Misfit):
        label = Misfit(narrowing["misfit"]).label(page.language)
        return page.sentence("conformance_page.misfit", misfit=label, step=step) if step else label
    if "state" in narrowing:
        state = state_label(lifecycle, narrowing["state"], page.language)
        return page.sentence("conformance_page.stood_in", state=state)
    for name in ("fits", "variant", "came_back"):
        if name in narrowing:
            code = f"{name}_not" if narrowing[name] == "false" else name
            return page.sentence(f"conformance_page.chosen_{code}")
    return page.sentence("all")


def _misfits(page: DashboardPage, lifecycle: Lifecycle[Any], case: Mapping[str, Any]) -> str:
    """Return how a case does not fit, in words."""
    return (
        page.unit_words("number")
        .translate("listed")
        .join(
            page.sentence(
                "conformance_page.misfit",
                misfit=misfit.label(page.language),
                step=step_label(lifecycle, step, page.language),
            )
            for misfit in Misfit
            for step in case[misfit.value]
        )
    )
