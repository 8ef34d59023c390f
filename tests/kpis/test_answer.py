"""Answers: rules of the numbers, and that no plan changes them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from app.kpis.answers import answer as answering
from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.answers.series import KpiPoint
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Aggregate, Basis, Kpi
from app.kpis.facts import fetching
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import CannotAnswer, QuestionParameters, parse_question
from app.log.canonical import instant
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.cases import each_case
from tests.extent import in_test_all
from tests.kpis import oracle
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, BORDERS, Scripted, write
from tests.kpis.kinds import aggregate_of
from tests.selection import selected

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ZONE = "Asia/Shanghai"
TIME: dict[str, Any] = {"begin": "2025-12-01", "end": "2026-06-01"}
#: An outage of a service counts in that of each agreement that promises the service to somebody.
OVERLAPPING = {Dimension.agreement, Dimension.customer}
COLUMNS = {"priority": "priority", "team": "team_id"}


async def answered(db: Database, key: str, *, now: datetime = NOW, **parameters: Any) -> KpiAnswer:
    return await answer(
        db, parse_question(KPIS[key], QuestionParameters(**parameters), now=now, organisation_zone=ZONE), now
    )


def _first_cut(kpi: Kpi) -> list[str]:
    """Teams; of what no team has, as agreements and agreed time, what it is cut by first, if by anything."""
    return (
        ["team"]
        if Dimension.team in kpi.dimensions
        else [dimension.value for dimension in kpi.dimensions[:1]]
    )


async def test_an_answer_says_what_it_is_and_where_it_stands(books: Books) -> None:
    kpi_answer = await answered(books.db, "incident_resolution_seconds", by=["team"], **TIME)
    body = json.loads(kpi_answer.model_dump_json(by_alias=True))
    assert {name: body[name] for name in body if name != "points"} == {
        "key": "incident_resolution_seconds",
        "unit": "seconds",
        "grain": "month",
        "tz": ZONE,
        "as_of": None,
        "position": len(books.events),
        "lag_seconds": 0.0,
        "behind": None,
    }
    point = next(p for p in body["points"] if p["by"]["team"] == "team 1" and p["cases"])
    assert point["from"].endswith("T16:00:00Z")
    assert list(point) == [
        "from",
        "to",
        "by",
        "value",
        "no_value",
        "cases",
        "numerator",
        "denominator",
        "rota_days",
        "business",
        "elapsed",
        "survival",
        "exposure",
        "interval",
        "small",
        "open_cases",
        "oldest_open_seconds",
        "on_hold",
        "arrived_in_hours",
        "undecided",
        "skewed",
        "excluded",
        "target",
        "status",
        "previous",
        "last_year",
        "beside",
        "worst_services",
        "final_after",
        "recording",
    ]
    assert set(point["elapsed"]) == {"mean", "median", "p90", "max", "zeros"}
    assert point["value"] == point["business"]["mean"]


async def test_it_says_how_far_the_facts_are_behind_the_log(follower: Connection, db: Database) -> None:
    case = Scripted.begin(BEGIN)
    events = await write(follower, list(case.events))
    kpi_answer = await answered(db, "incidents_opened")
    assert kpi_answer.position == 0
    assert kpi_answer.lag_seconds > 0
    await catch_up(follower, FACTS)
    kpi_answer = await answered(db, "incidents_opened")
    assert (kpi_answer.position, kpi_answer.lag_seconds) == (len(events), 0)


async def test_an_event_at_a_border_belongs_to_what_begins_there(follower: Connection, db: Database) -> None:
    border = BORDERS[0]  # the first of February in Shanghai
    before = Scripted.begin(border - timedelta(microseconds=1)).then("resolved", minutes=0)
    incident = Scripted.begin(border).then("resolved", minutes=0)
    still_open = Scripted.begin(border - timedelta(days=1)).then("resolved", minutes=1440)
    await write(follower, [event for case in (before, incident, still_open) for event in case.events])
    await catch_up(follower, FACTS)
    time: dict[str, Any] = {"begin": "2026-01-01", "end": "2026-03-01"}
    assert [p.value for p in (await answered(db, "incidents_opened", **time)).points] == [2, 1]
    assert [p.value for p in (await answered(db, "incidents_resolved", **time)).points] == [1, 2]
    assert [p.value for p in (await answered(db, "backlog", **time)).points] == [1, 0]


async def test_empty_is_not_zero_but_a_count_of_none_is(follower: Connection, db: Database) -> None:
    await write(follower, list(Scripted.begin(BEGIN, priority="P1").events))
    await catch_up(follower, FACTS)
    for key in selected("empty is not zero", KPIS, aggregate_of):
        kpi = KPIS[key]
        points = (await answered(db, kpi.key, **TIME)).points
        assert len(points) == 6, "every period has its point"
        empty = points[0]
        counted = kpi.aggregate in {Aggregate.number, Aggregate.per_day, Aggregate.total}
        # Incidents begin with this one; nothing is known of the months before it.
        is_known = "incident" not in kpi.processes
        assert empty.value == (0 if counted and is_known else None)
        after = points[-1]
        assert counted == (after.value is not None) or after.cases, "a count of none is a value"
        assert (empty.cases, empty.elapsed) == (0, None)
        # The case is in no cut of the months before it, and still open in those behind it; it is an incident.
        by = (await answered(db, kpi.key, by=_first_cut(kpi), **TIME)).points if kpi.dimensions else []
        opened = 1 if kpi.basis in {Basis.opened, Basis.due} and not kpi.is_of_clocks else 0
        still_open = 5 if kpi.still_open is not None else 0
        counts_it = kpi.process == "incident" or (opened and "incident" in kpi.processes)
        assert len(by) == (opened + still_open if counts_it else 0)


async def test_of_what_is_to_come_nothing_is_known(books: Books) -> None:
    now = BORDERS[1]
    time: dict[str, Any] = {"begin": "2026-02-01", "end": "2026-05-01"}
    running, *later = (await answered(books.db, "backlog", now=now - timedelta(days=3), **time)).points
    assert running.value is not None
    assert [point.value for point in later] == [None, None]
    durations = (await answered(books.db, "incident_resolution_seconds", now=now, **time)).points
    assert [point.open_cases is None for point in durations] == [False, True, True]


@each_case(
    ("key", "grain", "is_cut"),
    [(key, *how) for key in KPIS for how in (("month", True), ("month", False), ("week", False))],
    one_of_each=lambda case: aggregate_of(case[0]),
)
async def test_each_period_is_compared_with_the_one_before_it(
    books: Books, key: str, grain: str, is_cut: bool
) -> None:
    parameters = {**TIME, "grain": grain, "by": _first_cut(KPIS[key]) if is_cut else []}
    longer = (await answered(books.db, key, **parameters)).points
    if not longer:  # all of it was recorded just now
        return
    begin = longer[len(longer) // 2].begin
    points = (await answered(books.db, key, **parameters | {"begin": begin.isoformat()})).points
    values = {(point.end, str(point.by)): point.value for point in longer}
    nothing = 0 if KPIS[key].aggregate in {Aggregate.number, Aggregate.per_day} else None
    assert points
    for point in points:
        assert point.previous.value == values.get((point.begin, str(point.by)), nothing)
    assert points == [point for point in longer if point.begin >= begin]


async def test_what_begins_within_a_period_is_compared_with_the_whole_one_before(books: Books) -> None:
    opened = (await answered(books.db, "incidents_opened", begin="2026-02-01", end="2026-06-01")).points
    (first, *_) = (await answered(books.db, "incidents_opened", begin="2026-03-11", end="2026-06-01")).points
    assert first.previous.value == opened[0].value
    time: dict[str, Any] = {"begin": "2026-03-01", "end": "2026-03-11", "grain": "all"}
    (whole_month,) = (await answered(books.db, "incidents_opened", **time)).points
    time = {"begin": "2026-02-19", "end": "2026-03-01", "grain": "all"}
    (before,) = (await answered(books.db, "incidents_opened", **time)).points
    assert whole_month.previous.value == before.value


async def test_the_oldest_open_case_is_told_with_its_age(follower: Connection, db: Database) -> None:
    first = Scripted.begin(BORDERS[0] - timedelta(days=3), team_id=None).then("resolved", minutes=4 * 1440)
    second = Scripted.begin(BORDERS[0] - timedelta(hours=2)).then("resolved", minutes=1440 * 40)
    await write(follower, [*first.events, *second.events])
    await catch_up(follower, FACTS)
    for key in ("backlog", "incident_resolution_seconds", "first_resolution_seconds"):
        time: dict[str, Any] = {"begin": "2026-01-01", "end": "2026-05-01"}
        ages = [point.oldest_open_seconds for point in (await answered(db, key, **time)).points]
        assert ages == [3 * 86_400, 28 * 86_400 + 7200, None, None]
    now = BORDERS[0] + timedelta(hours=1, microseconds=1)
    running = (await answered(db, "backlog", now=now, begin="2026-02-01", end="2026-04-01")).points
    assert [point.oldest_open_seconds for point in running] == [3 * 86_400 + 3600, None]


async def test_cancelled_cases_and_duplicates_count_in_volumes_only_and_are_shown(
    follower: Connection, db: Database
) -> None:
    good = Scripted.begin(BEGIN).then("acknowledged", minutes=10)
    void = Scripted.begin(BEGIN).then("acknowledged", minutes=30).then("cancelled", minutes=1)
    same = Scripted.begin(BEGIN).then("acknowledged", minutes=30).then("marked_duplicate", minutes=1)
    await write(follower, [*good.events, *void.events, *same.events])
    await catch_up(follower, FACTS)
    apart = {"cancelled": 1, "duplicate": 1, "rejected": 0, "staff": 0, "unknown": 0}
    (opened,) = (await answered(db, "incidents_opened", grain="all", **TIME)).points
    assert (opened.value, opened.excluded) == (3, apart)
    (response,) = (await answered(db, "incident_response_seconds", grain="all", **TIME)).points
    assert (response.value, response.cases, response.excluded) == (600.0, 1, apart)
    (closed,) = (await answered(db, "incidents_closed", grain="all", **TIME)).points
    assert (closed.value, closed.excluded) == (
        1,
        {"cancelled": 0, "duplicate": 1, "rejected": 0, "staff": 0, "unknown": 0},
    )
    (resolved,) = (await answered(db, "incidents_resolved", grain="all", **TIME)).points
    assert resolved.value == 0
    (backlog,) = (await answered(db, "backlog", grain="all", **TIME)).points
    assert backlog.value == 1


async def test_a_cancellation_behind_which_the_case_goes_on_was_none(
    follower: Connection, db: Database
) -> None:
    border = BORDERS[0]
    case = Scripted.begin(border - timedelta(days=9)).then("cancelled", minutes=10)
    void = Scripted.begin(border - timedelta(days=9)).then("cancelled", minutes=10)
    again = case.then("started", minutes=20 * 1440).then("resolved", minutes=30 * 1440)
    await write(follower, [*again.events, *void.events])
    await catch_up(follower, FACTS)
    time: dict[str, Any] = {"begin": "2026-01-01", "end": "2026-04-01"}
    assert [p.value for p in (await answered(db, "backlog", **time)).points] == [1, 1, 0]


@in_test_all
async def test_an_opening_that_was_moved_is_what_was_told_of_then(follower: Connection, db: Database) -> None:
    """An older extract comes late: it says when the case opened, and whose it was."""
    case = Scripted.begin(BEGIN + timedelta(days=2), priority="P1", category="mail")
    opened_at = instant(BEGIN + timedelta(days=1))
    older: dict[str, Any] = {"opened_at": opened_at, "late": {f"incident/{case.id}": {"priority": "P4"}}}
    case = case.then("acknowledged", minutes=-1440, **older).then("observed", minutes=1440, priority="P1")
    await write(follower, list(case.then("resolved", minutes=1440).events))
    await catch_up(follower, FACTS)
    (opened,) = (await answered(db, "incidents_opened", grain="all", by=["priority"], **TIME)).points
    assert opened.by == {"priority": "P4"}
    (resolved,) = (
        await answered(db, "incident_resolution_seconds", grain="all", by=["priority"], **TIME)
    ).points
    assert (resolved.value, resolved.by) == (2 * 86_400, {"priority": "P1"})


async def test_what_was_wrongly_taken_for_a_duplicate_counts_like_any_other(
    follower: Connection, db: Database
) -> None:
    case = Scripted.begin(BEGIN).then("acknowledged", minutes=10).then("marked_duplicate", minutes=1)
    case = case.then("reopened", minutes=4).then("resolved", minutes=5)
    await write(follower, list(case.events))
    await catch_up(follower, FACTS)
    (resolved,) = (await answered(db, "incident_resolution_seconds", grain="all", **TIME)).points
    assert (resolved.value, resolved.cases) == (1200.0, 1)
    assert resolved.excluded == {"cancelled": 0, "duplicate": 0, "rejected": 0, "staff": 0, "unknown": 0}
    # It had not been resolved before, so it did not come back.
    (reopened,) = (await answered(db, "reopened_share", grain="all", **TIME)).points
    assert (reopened.numerator, reopened.denominator) == (0, 1)


async def test_shares_are_sums_over_sums(books: Books) -> None:
    ended = [(case, case.resolution) for case in oracle.case_histories(books.events)]
    begin = datetime.fromisoformat(TIME["begin"]).replace(tzinfo=UTC)
    cases = [case for case, last in ended if last is not None and begin < last.event.occurred_at < NOW]
    (reopened,) = (await answered(books.db, "reopened_share", grain="all", **TIME)).points
    assert (reopened.numerator, reopened.denominator) == (sum(c.reopened for c in cases), len(cases))
    (moves,) = (await answered(books.db, "reassignments_per_case", grain="all", **TIME)).points
    total = sum(case.reassignments for case in cases)
    assert (moves.numerator, moves.denominator) == (total, len(cases))
    assert moves.value == round(total / len(cases), 6)
    (hands,) = (await answered(books.db, "handovers_per_case", grain="all", **TIME)).points
    assert hands.numerator == sum(case.handovers for case in cases)
    assert hands.numerator
    (moved,) = (await answered(books.db, "reassigned_share", grain="all", **TIME)).points
    assert moved.numerator == sum(case.reassignments > 0 for case in cases)


@in_test_all
@pytest.mark.parametrize(
    "key",
    [key for key, kpi in KPIS.items() if kpi.is_timed or kpi.aggregate is Aggregate.kaplan_meier],
)
async def test_percentiles_do_not_depend_on_how_they_are_found(
    books: Books, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    first = KPIS[key].dimensions[0].value
    cuts = [[], [first], ["team", "service"] if "team" in KPIS[key].dimensions else [first]]
    for by in cuts:
        monkeypatch.setattr(fetching, "WIDE_SHARE", -1)
        wide = await answered(books.db, key, by=by, **TIME)
        monkeypatch.setattr(fetching, "WIDE_SHARE", 2)
        assert await answered(books.db, key, by=by, **TIME) == wide


async def test_filters_take_several_values_keys_and_none(books: Books) -> None:
    cut = (await answered(books.db, "incidents_resolved", grain="all", by=["team"], **TIME)).points
    value_of_team = {point.by["team"]: point.value for point in cut}
    for names in (["team 1"], ["team 0", "team 2"], ["none"], ["team 1", "none"]):
        (only,) = (
            await answered(books.db, "incidents_resolved", grain="all", filters={"team": names}, **TIME)
        ).points
        assert only.value == sum(value_of_team[None if name == "none" else name] or 0 for name in names)


async def test_a_team_that_is_not_there_is_said_to_be_unknown(books: Books) -> None:
    for value in ("team 9", str(uuid4())):
        with pytest.raises(CannotAnswer, match="unknown_value"):
            await answered(books.db, "backlog", filters={"customer": [value]})


async def test_too_many_points_are_refused(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "LARGEST_ANSWER", 3)
    with pytest.raises(CannotAnswer, match="too_many_points"):
        await answered(books.db, "incidents_opened", by=["team", "priority"], **TIME)
    with pytest.raises(CannotAnswer, match="too_many_points"):
        await answered(books.db, "backlog", by=["team", "priority"], **TIME)


async def test_as_many_places_as_are_allowed_are_all_there(books: Books) -> None:
    """Each may have cases that are excluded, for one reason or another."""
    question = parse_question(
        KPIS["incidents_opened"],
        QuestionParameters(grain="all", by=("team",), **TIME),
        now=NOW,
        organisation_zone=ZONE,
    )
    async with answering.snapshot_connection(books.db) as connection:
        every = await answering.count(connection, question, NOW, most=1000)
        assert (
            sum(1 + sum(map(bool, sums_of_step.excluded.values())) for sums_of_step in every.values())
            > len(every) + 1
        )
        assert await answering.count(connection, question, NOW, most=len(every)) == every


@pytest.mark.parametrize("dimension", ["priority", "team"])
async def test_the_backlog_moves_by_what_comes_and_goes(books: Books, dimension: str) -> None:
    """Rule 15: by what is opened, reopened, ended, excluded, and moved in and out, in every cut."""
    kpi_answer = await answered(books.db, "backlog", by=[dimension], **TIME)
    bounds = parse_question(
        KPIS["backlog"], QuestionParameters(**TIME), now=NOW, organisation_zone=ZONE
    ).bounds
    backlog = {(point.begin, point.by[dimension]): point.value or 0 for point in kpi_answer.points}
    flows = _flows(books, COLUMNS[dimension])
    names = {None: None} | {str(value): name for value, name in await _names(books)}
    for cut in {cut for _, cut in flows} | {cut for _, cut in backlog}:
        standing = 0
        for begin, end in pairwise(bounds):
            standing += sum(
                change
                for (occurred_at, team), change in flows.items()
                if begin <= occurred_at < end and names.get(team, team) == cut
            )
            assert backlog.get((begin, cut), 0) == standing, (begin, cut)


def _flows(books: Books, column: str) -> Counter[tuple[datetime, str | None]]:
    """By instant and cut, how many cases more (or less) are open from then on."""
    flows: Counter[tuple[datetime, str | None]] = Counter()
    for case in oracle.case_histories(books.events):
        cut: str | None = None
        was_open = False
        for n, step in enumerate(case.told, start=1):
            after = case.after(case.told[:n])
            is_open = after is not None and after["phase"] == "open"
            moved_to = None if after is None or after[column] is None else str(after[column])
            if was_open:
                flows[case.effective(step), cut] -= 1
            if is_open:
                flows[case.effective(step), moved_to] += 1
            was_open, cut = is_open, moved_to
    return flows


async def _names(books: Books) -> list[tuple[Any, str]]:
    return [(row["id"], row["key"]) for row in await books.db.rows("select id, key from fold.team")]


@each_case(
    ("key", "dimension"),
    [(key, dimension) for key, kpi in KPIS.items() for dimension in kpi.dimensions],
    one_of_each=lambda case: (case[1], KPIS[case[0]].is_of_outages),
)
async def test_every_cut_of_every_kpi_adds_up_to_the_whole(
    books: Books, key: str, dimension: Dimension
) -> None:
    kpi = KPIS[key]
    kpi_points = (await answered(books.db, key, **TIME)).points
    cut = (await answered(books.db, key, by=[dimension.value], **TIME)).points
    for point in kpi_points:
        parts = [part for part in cut if part.begin == point.begin]
        if kpi.is_of_outages and dimension in OVERLAPPING:
            assert sum(part.cases for part in parts) >= point.cases
            continue
        assert sum(part.cases for part in parts) == point.cases
        numerators, *other_totals = zip(_total(parts), _total([point]), strict=True)
        assert all(numerator == other for numerator, other in other_totals)
        # Outages are in whole seconds, rounded for each point.
        rounded = (len(parts) + 1) / 2 if kpi.is_of_outages else 0
        assert abs(numerators[0] - numerators[1]) <= rounded
        assert kpi.aggregate is not Aggregate.mean or _largest(parts) == _largest([point])


def _total(points: list[KpiPoint]) -> tuple[int, int, int]:
    return (
        sum(point.numerator or 0 for point in points),
        sum(point.open_cases or 0 for point in points),
        sum(sum(point.excluded.values()) for point in points),
    )


def _largest(points: list[KpiPoint]) -> float:
    return max((point.elapsed.max for point in points if point.elapsed), default=0.0)
