"""What the KPIs of changes count: lives told by hand, with their figures worked out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.canonical import instant
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import WHOLE, in_test_all
from tests.kpis.histories import BEGIN, TEAMS, histories, write
from tests.kpis.lives import Life
from tests.kpis.other_histories import OWNERS, write_others, write_owners

LATER = datetime(2026, 6, 1, tzinfo=UTC)
DAY, HOUR = 86_400, 3_600
INCIDENT = f"incident/{uuid4()}"
#: From an hour after the draft on, for two hours.
WINDOW = {
    "window_from_at": instant(BEGIN + timedelta(hours=1)),
    "window_until_at": instant(BEGIN + timedelta(hours=3)),
}


def _at(seconds: float) -> str:
    return instant(BEGIN + timedelta(seconds=seconds))


def _scheduled(**fields: Any) -> Life:
    """A change that was submitted a minute after its draft, and is scheduled."""
    life = Life("change", **{"type": "normal", "risk_level": "low", "service": "mail", **fields})
    life.then(60, "submitted", "submitted").then(120, "approved", "approved")
    return life.then(180, "scheduled", "scheduled", **WINDOW)


def _made(start: float = HOUR, end: float = 2 * HOUR, **fields: Any) -> Life:
    """A change that was begun and completed then."""
    life = _scheduled(**fields).then(start, "started", "implementing")
    return life.then(end, "implemented", "implemented", review_due_at=_at(end + 3 * DAY))


def _reviewed(life: Life, outcome: str, *, first_pass: bool) -> Life:
    return life.then(5 * HOUR, "reviewed", "closed", outcome=outcome, first_pass=first_pass)


async def _told(connection: Connection, *lives: Life) -> None:
    await write_others(connection, [event for life in lives for event in life.events])
    await catch_up(connection, FACTS)


def _question(key: str, *by: str, **parameters: Any) -> KpiQuestion:
    time = {"grain": "all", "begin": "2025-12-01", "end": "2026-06-01"} | parameters
    return parse_question(
        KPIS[key], QuestionParameters(by=by, **time), now=LATER, organisation_zone="UTC", reopen_days=7
    )


async def _points(db: Database, key: str, *by: str, **parameters: Any) -> list[KpiPoint]:
    """What both paths say; in `make test` the facts."""
    question = _question(key, *by, **parameters)
    kpi_answer = await answer(db, question, LATER)
    if WHOLE:
        raw = await answer(db, question, LATER, position=kpi_answer.position)
        assert kpi_answer.points == raw.points
    return kpi_answer.points


async def _share(db: Database, key: str) -> tuple[int | None, int | None]:
    (point,) = await _points(db, key)
    return point.numerator, point.denominator


#: By what became of it: whether it was right the first time, and whether it failed; None: nobody knows.
VERDICTS: dict[str, tuple[Life, bool | None, bool | None]] = {
    "in its window": (_made(), True, False),
    "on the window's edges": (_made(HOUR, 3 * HOUR), True, False),
    "too early": (_made(HOUR - 1), False, False),
    "too late": (_made(end=3 * HOUR + 1), False, False),
    "an emergency, which has no window": (_made(10, 20, type="emergency"), True, False),
    "without a window": (
        Life("change").then(1, "started", "implementing").then(2, "implemented", "implemented"),
        None,
        False,
    ),
    "of a type that nobody told, in its window": (_made(type=None), True, False),
    "of a type that nobody told, too late": (_made(end=4 * HOUR, type=None), None, False),
    "begun at a time that nobody told": (
        _scheduled().then(2 * HOUR, "implemented", "implemented"),
        None,
        False,
    ),
    "begun at a time that nobody told, and too late": (
        _scheduled().then(4 * HOUR, "implemented", "implemented"),
        False,
        False,
    ),
    "closed with no word of how it went": (_made().then(5 * HOUR, "reviewed", "closed"), None, None),
    "too late, and closed with no word": (
        _made(end=4 * HOUR).then(5 * HOUR, "reviewed", "closed"),
        False,
        None,
    ),
    "failed, says the other tool, which knows no first pass": (
        _made().then(5 * HOUR, "reviewed", "closed", outcome="failed"),
        False,
        True,
    ),
    "backed out at once": (
        _scheduled().then(HOUR, "started", "implementing").then(2 * HOUR, "backed_out", "backed_out"),
        False,
        True,
    ),
    "backed out later": (_made().then(30 * HOUR, "backed_out", "backed_out"), False, True),
    "made twice": (
        _made().then(2.2 * HOUR, "edited", "implementing").then(2.5 * HOUR, "implemented", "implemented"),
        False,
        False,
    ),
    "cause of an incident": (_made().linked(40 * HOUR, "causes", INCIDENT), False, True),
    "merely related to one": (_made().linked(40 * HOUR, "relates_to", INCIDENT), True, False),
    "cause of a problem, which is no incident": (
        _made().linked(4 * HOUR, "causes", f"problem/{uuid4()}"),
        True,
        False,
    ),
    "reviewed as it was": (_reviewed(_made(), "successful", first_pass=True), True, False),
    "too late, which the review excuses": (
        _reviewed(_made(end=4 * HOUR), "successful", first_pass=True),
        True,
        False,
    ),
    "with issues, which is in neither": (
        _reviewed(_made(), "successful_with_issues", first_pass=False),
        False,
        False,
    ),
    "failed, says the review": (_reviewed(_made(), "failed", first_pass=False), False, True),
}


async def test_a_change_counts_by_what_became_of_it_as_both_paths_say(
    database_url: str, follower: Connection, db: Database
) -> None:
    await _told(follower, *(life for life, *_ in VERDICTS.values()), _scheduled(), Life("change"))
    names = {life.id: case for case, (life, *_) in VERDICTS.items()}
    verdicts_of = {
        "change_first_pass": {case: verdict for case, (_, verdict, _) in VERDICTS.items()},
        "change_failure_rate": {case: verdict for case, (*_, verdict) in VERDICTS.items()},
    }
    for key, verdicts in verdicts_of.items():
        verdict_of = {case: int(verdict) for case, verdict in verdicts.items() if verdict is not None}
        listed = (await cases(db, _question(key), LATER, limit=200)).cases
        assert {names[case.id]: case.measure for case in listed} == verdict_of, (
            "what is not made counts nowhere"
        )
        (point,) = (await answer(db, _question(key), LATER)).points
        assert (point.numerator, point.denominator) == (sum(verdict_of.values()), len(verdict_of))
        assert point.excluded["unknown"] == len(verdicts) - len(verdict_of)
    zone = _question("change_backlog").zone
    report = await reconcile(database_url, zone=zone, now=LATER, keys=() if WHOLE else verdicts_of)
    assert report.differences == [], "\n".join(map(str, report.differences))


@in_test_all
async def test_a_cause_that_is_taken_back_counts_no_more(follower: Connection, db: Database) -> None:
    link = f"link/{uuid4()}"
    life = _made().linked(4 * HOUR, "causes", INCIDENT, link)
    life.then(5 * HOUR, "unlinked")
    life.events[-1].data["set"][link] = None
    await _told(follower, life)
    assert await _share(db, "change_first_pass") == (1, 1)
    assert await _share(db, "change_failure_rate") == (0, 1)


async def test_the_month_is_that_of_the_end_of_the_implementation_whenever_it_is_reviewed(
    follower: Connection, db: Database
) -> None:
    january, late = _made(), _made()
    late.then(40 * DAY, "reviewed", "closed", outcome="failed", first_pass=False)
    await _told(follower, january, late)
    months = await _points(db, "change_first_pass", grain="month", begin="2026-01-01", end="2026-04-01")
    assert [(point.numerator, point.denominator) for point in months] == [(1, 2), (0, 0), (0, 0)]
    assert months[0].final_after == datetime(2026, 2, 3, tzinfo=UTC), "48 hours after the month"
    assert months[0].status == "missed"
    by = await _points(db, "change_first_pass", "verdict")
    assert {point.by["verdict"]: (point.numerator, point.cases) for point in by} == {
        "computed": (1, 1),
        "reviewed": (0, 1),
    }, "how many are not reviewed is seen"


@in_test_all
async def test_changes_are_cut_by_type_team_service_and_risk(follower: Connection, db: Database) -> None:
    team = str(TEAMS[1])
    await write(follower, histories(1, cases=1))  # with the teams
    await _told(
        follower,
        _made(type="standard", team_id=team),
        _made(end=4 * HOUR, risk_level="high", service="erp"),
        _made(type="standard"),
    )
    for dimension, expected in {
        "change_type": {"normal": 0, "standard": 2},
        "risk": {"high": 0, "low": 2},
        "service": {"erp": 0, "mail": 2},
        "team": {"team 1": 1, None: 1},
    }.items():
        points = await _points(db, "change_first_pass", dimension)
        assert {point.by[dimension]: point.numerator for point in points} == expected
    (only,) = await _points(db, "change_first_pass", filters={"change_type": ("standard",)})
    assert (only.numerator, only.cases) == (2, 2)


@in_test_all
async def test_emergencies_are_a_share_of_what_was_started(follower: Connection, db: Database) -> None:
    started = _scheduled(type="emergency").then(HOUR, "started", "implementing")
    untyped = _made(type=None)
    await _told(
        follower, _made(), _made(type="emergency"), started, _scheduled(type="emergency"), _made(), untyped
    )
    (point,) = await _points(db, "emergency_share")
    assert (point.numerator, point.denominator, point.excluded["unknown"]) == (2, 4, 1)


@in_test_all
async def test_lead_time_runs_from_the_first_submission_to_the_implementation(
    follower: Connection, db: Database
) -> None:
    deferred = Life("change", type="normal").then(100, "submitted", "submitted")
    deferred.then(200, "deferred", "deferred").then(300, "resubmitted", "submitted")
    deferred.then(400, "started", "implementing").then(1100, "implemented", "implemented")
    standard = Life("change", type="standard").then(500, "scheduled", "scheduled")
    standard.then(600, "started", "implementing").then(900, "implemented", "implemented")
    backed_out = _scheduled().then(HOUR, "started", "implementing").then(2 * HOUR, "backed_out", "backed_out")
    open_one, rejected = _scheduled(), Life("change").then(5, "submitted", "submitted")
    rejected.then(9, "rejected", "rejected")
    begun = Life("change", type="normal").then(5, "started", "implementing")
    begun.then(9, "implemented", "implemented")
    await _told(follower, deferred, standard, backed_out, open_one, rejected, begun, Life("change"))
    (point,) = await _points(db, "change_lead_seconds")
    assert (point.cases, point.value, point.open_cases) == (2, 700, 1)
    assert point.excluded["unknown"] == 1, "nobody knows when it was handed in"
    assert point.elapsed is not None
    assert (point.elapsed.median, point.elapsed.max) == (700, 1000)
    assert point.oldest_open_seconds == int((LATER - BEGIN).total_seconds()) - 60, "not since its draft"


@in_test_all
async def test_what_waits_is_approved_and_not_begun(follower: Connection, db: Database) -> None:
    approved = Life("change").then(60, "submitted", "submitted").then(120, "approved", "approved")
    cancelled = _scheduled().then(300, "cancelled", "cancelled")
    template = Life("change", type="standard").then(300, "scheduled", "scheduled")
    await _told(follower, approved, _scheduled(), cancelled, template, _made(), Life("change"))
    days = await _points(db, "change_backlog", grain="day", begin="2026-01-25", end="2026-01-26")
    assert [point.value for point in days] == [3]
    hour = await _points(db, "change_backlog", end=_at(150), begin=_at(0))
    assert [point.value for point in hour] == [4], "what is made and cancelled later, too"
    by_age = await _points(db, "change_backlog", "age", end=_at(DAY + 60), begin=_at(0))
    assert {point.by["age"]: point.value for point in by_age} == {"0_to_1_days": 1, "1_to_3_days": 2}


async def test_a_review_falls_overdue_while_nothing_happens(follower: Connection, db: Database) -> None:
    in_time = _reviewed(_made(), "successful", first_pass=True)
    late = _made().then(5 * DAY, "reviewed", "closed", outcome="successful", first_pass=True)
    never = _scheduled().then(HOUR, "started", "implementing")
    never.then(2 * HOUR, "backed_out", "backed_out", review_due_at=_at(4 * DAY))
    unknown = Life("change").then(1, "started", "implementing").then(2, "implemented", "implemented")
    await _told(follower, in_time, late, never, unknown)
    days = await _points(db, "change_reviews_overdue", grain="day", begin="2026-01-25", end="2026-02-02")
    assert [point.value for point in days] == [0, 0, 0, 1, 2, 1, 1, 1]
    exact = [_at(4 * DAY), _at(4 * DAY + 1), _at(5 * DAY), _at(5 * DAY + 1)]
    counts = [(await _points(db, "change_reviews_overdue", begin=_at(0), end=end))[0].value for end in exact]
    assert counts == [1, 2, 2, 1]


@in_test_all
async def test_what_waits_moves_by_what_comes_and_goes(follower: Connection, db: Database) -> None:
    """Approved and begun, cancelled and deferred: what waits at an end is what waited before, and these."""
    lives, moved = [], dict[int, int]()
    for n in range(40):
        approved, gone_days = n * DAY, (n + n % 7) * DAY + 100
        life = Life("change", service=("mail", "erp")[n % 2]).then(approved + 1, "submitted", "submitted")
        life.then(approved + 50, "approved", "approved")
        moved[n] = moved.get(n, 0) + 1
        if n % 3:
            state = ("implementing", "cancelled")[n % 3 - 1]
            life.then(gone_days, "started" if n % 3 == 1 else "cancelled", state)
            moved[n + n % 7] = moved.get(n + n % 7, 0) - 1
        lives.append(life)
    await _told(follower, *lives)
    days = await _points(db, "change_backlog", grain="day", begin="2026-01-25", end="2026-03-15")
    values = [0, *(point.value or 0 for point in days)]
    assert [after - before for before, after in pairwise(values)] == [
        moved.get(n, 0) for n in range(len(days))
    ]
    cut = await _points(db, "change_backlog", "service", grain="day", begin="2026-01-25", end="2026-03-15")
    for day in days:
        assert sum(point.value or 0 for point in cut if point.begin == day.begin) == day.value


async def test_what_was_altered_without_a_change_is_counted_by_its_own_events(
    follower: Connection, db: Database
) -> None:
    await write(follower, histories(1, cases=1))
    await write_owners(follower, str(TEAMS[0]))
    counts = {"alteration_count": 0, "unauthorised_count": 0}
    server = Life("ci", ci_class="server", owner_id=OWNERS[0], **counts)
    server.then(10, "attributes_changed").then(20, "went_live", "live")
    server.then(30, "attributes_changed", alteration_count=1)
    server.then(40, "maintenance_begun", "maintenance", alteration_count=2, unauthorised_count=1)
    server.then(50, "regularised", regularised_number=1).then(
        60, "related", alteration_count=3, unauthorised_count=2
    )
    server.then(70, "edited", owner_id=OWNERS[1], alteration_count=4)
    before = Life("ci", ci_class="database", owner_id=OWNERS[1], **counts).then(5, "went_live", "live")
    before.then(9, "retired", "retired", unauthorised_count=1)
    await _told(follower, server, before)
    await write_owners(follower, str(TEAMS[1]), 1)
    ours = Life("ci", ci_class="server", owner_id=OWNERS[0], **counts).then(5, "went_live", "live")
    nobodys = Life("ci", ci_class="server", **counts).then(5, "retired", "retired", alteration_count=1)
    await _told(follower, ours.then(6, "edited", alteration_count=1, unauthorised_count=1), nobodys)
    shares_by_cut = {
        by: {
            point.by[by]: (point.numerator, point.cases)
            for point in await _points(db, "unauthorised_changes", by)
        }
        for by in ("authorisation", "ci_class", "team")
    }
    assert shares_by_cut == {
        "authorisation": {"authorised": (0, 3), "regularised": (1, 1), "unauthorised": (3, 3)},
        "ci_class": {"database": (1, 1), "server": (3, 6)},
        "team": {"team 0": (3, 5), "team 1": (1, 1), None: (0, 1)},
    }, "whoever's team the owner's was when it was told"


async def test_the_cases_behind_a_figure_come_with_the_events_that_gave_it(
    follower: Connection, db: Database
) -> None:
    reviewed_change = _reviewed(_made(end=4 * HOUR), "failed", first_pass=False)
    item = Life("ci", ci_class="server").then(5, "went_live", "live")
    item.then(6, "edited", alteration_count=1, unauthorised_count=1).then(9, "regularised")
    await _told(follower, reviewed_change, item)
    for key, life, measure, types in (
        ("change_first_pass", reviewed_change, 0, ["drafted", "started", "implemented", "reviewed"]),
        ("change_failure_rate", reviewed_change, 1, ["drafted", "started", "implemented", "reviewed"]),
        (
            "change_lead_seconds",
            reviewed_change,
            4 * HOUR - 60,
            ["drafted", "submitted", "scheduled", "implemented"],
        ),
        ("unauthorised_changes", item, 1, ["planned", "edited", "regularised"]),
    ):
        (case,) = (await cases(db, _question(key), LATER)).cases
        assert (case.id, case.measure, case.kind) == (life.id, measure, life.kind)
        assert [event.type.partition(".")[2] for event in case.events] == types
