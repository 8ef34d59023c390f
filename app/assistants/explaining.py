"""The tool that explains: what needs attention, a KPI down to its cases, a clock, an effect."""

from __future__ import annotations

from typing import Any

from app.assistants.arguments import ExplainArguments, Subject
from app.assistants.reading import chosen, kind_of, whole_page
from app.assistants.sessions import AssistantSession, ToolRefused

CASES_ON_A_PAGE = 20
#: Cases that are put in order, and those of a page in which they are read.
MOST_ORDERED, LARGEST_PAGE = 1_000, 200
#: The direction of KPIs of which less is better.
DOWN_DIRECTION = "down"
#: Keys of an attention sentence that lead on from it.
OF_SENTENCES = (
    "code",
    "severity",
    "sentence",
    "process",
    "cases",
    "desk",
    "owner",
    "since",
    "due_at",
    "count",
)


async def explain(session: AssistantSession, arguments: ExplainArguments) -> dict[str, Any]:
    """Explain the subject."""
    match arguments.subject:
        case Subject.attention:
            period = {} if arguments.period is None else {"period": arguments.period}
            filters = chosen(session, arguments.filters, session.contract.query("/v1/attention"))
            return _attention(await session.read("/v1/attention", {**period, **filters}))
        case Subject.figures:
            return await _figures(session)
        case Subject.figure:
            return await _figure(session, arguments)
        case Subject.cases:
            return await _cases(session, arguments)
        case Subject.clock:
            return await _clock(session, arguments)
        case Subject.effect:
            return await session.read(f"/v1/effects/{_required(session, arguments, 'key')}")


def _attention(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the sentences, each with its KPI or record by name."""

    def described(sentence: dict[str, Any]) -> dict[str, Any]:
        named = {name: argument["value"] for name, argument in sentence["parameters"].items()}
        return {**_drop_empty({name: sentence[name] for name in OF_SENTENCES}), "parameters": named}

    return {
        "period": answer["period"],
        "counts": answer["counts"],
        "needs_attention": [described(sentence) for sentence in answer["items"]],
        "good": [described(sentence) for sentence in answer["good"]],
        "nothing": answer["nothing"],
    }


def _required(session: AssistantSession, arguments: ExplainArguments, name: str) -> str:
    argument: str | None = getattr(arguments, name)
    if argument is None:
        raise ToolRefused(session.sentence("wanting", argument=name, subject=arguments.subject.value))
    return argument


async def _figures(session: AssistantSession) -> dict[str, Any]:
    page = await session.read("/v1/kpis/definitions")
    described = ("key", "name", "process", "unit", "direction")
    return {"figures": [{name: each.get(name) for name in described} for each in page["items"]]}


async def _definition(session: AssistantSession, key: str) -> dict[str, Any]:
    page = await session.read("/v1/kpis/definitions")
    definitions = {each["key"]: each for each in page["items"]}
    definition: dict[str, Any] = session.require(key, definitions, "unknown_figure")
    return definition


async def _span(session: AssistantSession, period: str | None) -> dict[str, str]:
    """Return the month as parameters; without a period the last month that is over."""
    chosen_month = period or str((await session.read("/v1/attention"))["period"])
    year, month = int(chosen_month[:4]), int(chosen_month[5:7])
    after = f"{year + month // 12:04}-{month % 12 + 1:02}-01"
    return {"from": f"{chosen_month}-01", "to": after}


async def _figure(session: AssistantSession, arguments: ExplainArguments) -> dict[str, Any]:
    definition = await _definition(session, _required(session, arguments, "key"))
    path = f"/v1/kpis/{definition['key']}"
    span = await _span(session, arguments.period)
    filters = chosen(
        session, arguments.filters, session.contract.query(path.replace(definition["key"], "{key}"))
    )
    figures = await session.read(path, {**span, **filters, "grain": "month"})
    moved = await session.operations.send("GET", f"{path}/influence", parameters={**span, **filters})
    of_influence = moved.document if moved.is_success else {}
    return {
        "figure": {
            name: definition.get(name) for name in ("key", "name", "definition", "pitfalls", "direction")
        },
        "unit": figures["unit"],
        "points": [_drop_empty(point) for point in figures["points"]],
        "without": of_influence.get("without", [])[:10],
        "heaviest": of_influence.get("heaviest", []),
        "then": session.sentence("then_cases"),
    }


def _drop_empty(point: dict[str, Any]) -> dict[str, Any]:
    """Return its content without null, false or empty values, but with 0."""
    return {name: part for name, part in point.items() if part or (part == 0 and part is not False)}


async def _cases(session: AssistantSession, arguments: ExplainArguments) -> dict[str, Any]:
    definition = await _definition(session, _required(session, arguments, "key"))
    path, declared = f"/v1/kpis/{definition['key']}/cases", "/v1/kpis/{key}/cases"
    parameters = {
        **await _span(session, arguments.period),
        **chosen(session, arguments.filters, session.contract.query(declared)),
        "limit": str(LARGEST_PAGE),
    }
    cases: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next_cursor": ""}
    while page["next_cursor"] is not None and len(cases) < MOST_ORDERED:
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        page = await session.read(path, {**parameters, **cursor})
        cases += page["items"]
    cases.sort(key=lambda case: case["measure"], reverse=definition["direction"] == DOWN_DIRECTION)
    begin = int(arguments.cursor) if arguments.cursor is not None and arguments.cursor.isdecimal() else 0
    return await whole_page(lambda limit: _some(session, cases, begin, limit, page), CASES_ON_A_PAGE)


async def _some(
    session: AssistantSession, cases: list[dict[str, Any]], begin: int, limit: int, page: dict[str, Any]
) -> dict[str, Any]:
    """Return the cases from there on, the worst of all first."""
    end = begin + limit
    described = [
        {**_drop_empty(case), "link": session.link(case["kind"], case["number"])} for case in cases[begin:end]
    ]
    return {
        "unit": page["unit"],
        "cases": described,
        "cases_in_all": len(cases),
        "more_than_ordered": page["next_cursor"] is not None,
        "next_cursor": str(end) if end < len(cases) else None,
        "then": session.sentence("then_history"),
    }


async def _clock(session: AssistantSession, arguments: ExplainArguments) -> dict[str, Any]:
    kind = kind_of(session, _required(session, arguments, "kind"))
    name = _required(session, arguments, "id")
    if session.contract.screens.operation("get", f"{kind.path}/{{id}}/sla") is None:
        raise ToolRefused(session.sentence("no_clocks", kind=kind.kind))
    return await session.read(f"{kind.path}/{name}/sla")
