"""The KPIs of incidents, from the words of the catalogue (14 to 31) and decisions 0006 and
0044.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from tests.kpis.brute_force.counted import Counted, Definition, Open
from tests.kpis.brute_force.dimensions import first_given, ticket_cut
from tests.kpis.brute_force.reading import Record, Step, World, instant_of, seconds_between, whole_seconds

OPEN, RESOLVED, CLOSED, CANCELLED, DUPLICATE = "open", "resolved", "closed", "cancelled", "duplicate"
#: What an event makes of an incident. All other events leave it as it is.
LEADS_TO = {
    "reported": OPEN,
    "acknowledged": OPEN,
    "started": OPEN,
    "held": OPEN,
    "resumed": OPEN,
    "reopened": OPEN,
    "resolved": RESOLVED,
    "closed": CLOSED,
    "cancelled": CANCELLED,
    "marked_duplicate": DUPLICATE,
}


@dataclass(frozen=True)
class Episode:
    """A stretch in which an incident is resolved or closed (rule 16): the numbers of its steps `resolved` and
    `closed`, and of the step by which it left it, if it has.
    """

    resolved: list[int]
    closed: list[int]
    left: int | None

    @property
    def instant(self) -> int | None:
        """The step that it counts by: the last `resolved`, or else the last `closed`."""
        return max(self.resolved or self.closed, default=None)


class Incident:
    """An incident and what became of it."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.id = record.id
        self.steps = record.steps

    @cached_property
    def led(self) -> list[tuple[int, str]]:
        """The steps that led somewhere, and where."""
        steps = enumerate(self.steps[1:], start=1)
        return [(0, OPEN), *((n, LEADS_TO[step.what]) for n, step in steps if step.what in LEADS_TO)]

    @cached_property
    def phases(self) -> list[tuple[int, str]]:
        """Where it stood since which step; without cancellations behind which it went on."""
        went_on = max(place for place, (_, phase) in enumerate(self.led) if phase != CANCELLED)
        return [
            open_case
            for place, open_case in enumerate(self.led)
            if open_case[1] != CANCELLED or place > went_on
        ]

    @cached_property
    def excluded(self) -> str | None:
        """Why it does not count: what was cancelled, or marked as a duplicate, last."""
        last = self.phases[-1][1]
        return last if last in {CANCELLED, DUPLICATE} else None

    @cached_property
    def episodes(self) -> list[Episode]:
        """Its episodes; the closing of a duplicate by its mark is none."""
        episodes: list[Episode] = []
        inside = False
        for n, phase in self.led:
            if phase in {RESOLVED, CLOSED}:
                if not inside:
                    episodes.append(Episode([], [], None))
                inside = True
                (episodes[-1].resolved if phase == RESOLVED else episodes[-1].closed).append(n)
            elif inside:
                episodes[-1] = Episode(episodes[-1].resolved, episodes[-1].closed, n)
                inside = False
        return episodes

    @cached_property
    def final(self) -> int | None:
        """The step of its final resolution, if it has one."""
        if not self.episodes or self.episodes[-1].left is not None:
            return None
        return self.episodes[-1].instant

    @cached_property
    def first_resolution(self) -> int | None:
        """The step of its first resolution."""
        if not self.episodes:
            return None
        first = self.episodes[0]
        return first.resolved[0] if first.resolved else first.closed[-1]

    @cached_property
    def response(self) -> int | None:
        """The step by which somebody responded first: no rule; of a history from elsewhere the first that
        left `new`.
        """
        is_new = True
        for n, step in enumerate(self.steps):
            leaves = n > 0 and step.what in LEADS_TO and step.what != "reported"
            if n == 0 and step.observed and step.told.get("state", "new") != "new":
                return 0
            if n > 0 and step.what in {"acknowledged", "started"} and not step.by_rule:
                return n
            if is_new and leaves and step.observed:
                return n
            is_new = is_new and not leaves
        return None

    @cached_property
    def last_close(self) -> int | None:
        """The step by which it was closed for the last time, whether or not it was reopened since."""
        closed = [n for n, phase in self.phases if phase in {CLOSED, DUPLICATE}]
        return closed[-1] if closed else None

    def seconds(self, n: int) -> int:
        """The whole seconds from the opening to a step; below 0 if clocks were wrong."""
        return seconds_between(self.record.opened_at, self.steps[n].at)

    @cached_property
    def teams(self) -> list[str]:
        """The teams that had it, one after another, each as long as it had it; having none is no change."""
        team_ids: list[str] = []
        for step in self.steps:
            team = step.told.get("team_id")
            if team is not None and (not team_ids or team_ids[-1] != team):
                team_ids.append(team)
        return team_ids

    @cached_property
    def handovers(self) -> int:
        """How often another person was named within one team."""
        count, person, team = 0, None, None
        fields: dict[str, Any] = {}
        for step in self.steps:
            fields |= step.told
            named = step.told.get("assignee_id")
            if named is not None and named != person:
                count += person is not None and fields.get("team_id") == team
                person, team = named, fields.get("team_id")
        return count

    def cut(self, n: int, opening: bool = False) -> dict[str, Any]:
        """What is known of it at a step; `opening`: as what counts openings has it (0006)."""
        fields = ticket_cut(self.record.fields(n))
        if opening:
            fields |= first_given(self.record)
        return fields | {"source": self.source}

    @cached_property
    def source(self) -> str | None:
        """The tool that its alert names, or else the channel that the report came in by."""
        tool: str | None = self.record.opening.told.get("alert_source")
        return self.record.opening.source if tool is None else tool


def incidents(world: World) -> list[Incident]:
    """All incidents."""
    return world.once(_made)


def _made(world: World) -> list[Incident]:
    return [Incident(record) for record in world.of("incident")]


def _at(which: Callable[[Incident], int | None], number: Callable[[Incident, int], int]) -> Definition:
    """The incidents that have such a step, each with a number."""

    def cases(world: World) -> list[Counted]:
        counted_cases = []
        for incident in incidents(world):
            n = which(incident)
            if n is not None:
                counted_cases.append(
                    Counted(
                        incident.id,
                        incident.steps[n].at,
                        number(incident, n),
                        incident.cut(n),
                        incident.excluded,
                    )
                )
        return counted_cases

    return Definition(cases)


def _opened(number: Callable[[Incident, World], int | None]) -> Definition:
    def cases(world: World) -> list[Counted]:
        return [
            Counted(
                incident.id,
                incident.record.opened_at,
                brings,
                incident.cut(0, opening=True),
                incident.excluded,
            )
            for incident in incidents(world)
            if (brings := number(incident, world)) is not None
        ]

    return Definition(cases)


def _open_at(
    holds: Callable[[Incident, int, str], bool],
) -> Callable[[World, datetime], list[Open]]:
    """Those open at an instant: just before it, as far as they were told to have come by then."""

    def found(world: World, instant: datetime) -> list[Open]:
        opened = []
        for incident in incidents(world):
            n = incident.record.last_before(instant)
            if n is None:
                continue
            phase = [phase for place, phase in incident.phases if place <= n][-1]
            if holds(incident, n, phase):
                cut = incident.cut(n)
                opened.append(Open(incident.id, incident.record.opened_at, cut, _on_hold(incident, n)))
        return opened

    return found


def _on_hold(incident: Incident, n: int) -> bool:
    """Whether it waits after a step. A cancellation behind which it went on ends no waiting (0006), and
    another system may reopen a case and let it wait at once.
    """
    step = incident.steps[[place for place, _ in incident.phases if place <= n][-1]]
    return step.what == "held" or (step.what == "reopened" and step.told.get("state") == "on_hold")


def _moved(number: Callable[[bool], int]) -> Definition:
    def cases(world: World) -> list[Counted]:
        counted_cases = []
        for incident in incidents(world):
            if incident.final is None:
                continue
            teams = incident.teams
            for place in range(1, len(teams)):
                cut = incident.cut(incident.final) | {"from_team": teams[place - 1], "to_team": teams[place]}
                back = teams[place] in teams[:place]
                counted_cases.append(
                    Counted(
                        incident.id, incident.steps[incident.final].at, number(back), cut, incident.excluded
                    )
                )
        return counted_cases

    return Definition(cases)


def _came_back(incident: Incident, n: int) -> int:
    teams = incident.teams
    return int(len(set(teams)) < len(teams))


def _reopened(incident: Incident, n: int) -> int:
    """Whether it was resolved or closed before its final resolution and went on to be worked on: not whether
    a cancellation came in between.
    """
    ended = incident.first_resolution if incident.first_resolution is not None else n
    return int(any(phase == OPEN and ended < place < n for place, phase in incident.led))


def _survival(world: World) -> list[Counted]:
    counted_cases = []
    for incident in incidents(world):
        ended = incident.final
        seconds = (
            whole_seconds(incident.record.opened_at, world.now)
            if ended is None
            else max(0, incident.seconds(ended))
        )
        counted_cases.append(
            Counted(
                incident.id,
                incident.record.opened_at,
                seconds,
                incident.cut(0, opening=True),
                incident.excluded,
                weight=int(ended is not None),
            )
        )
    return counted_cases


def _declared(number: Callable[[Incident], int]) -> Definition:
    def cases(world: World) -> list[Counted]:
        counted_cases = []
        for incident in incidents(world):
            declared = [n for n, step in enumerate(incident.steps) if step.what == "declared_major"]
            if declared:
                n = declared[0]
                counted_cases.append(
                    Counted(
                        incident.id,
                        incident.steps[n].at,
                        number(incident),
                        incident.cut(n),
                        incident.excluded,
                    )
                )
        return counted_cases

    return Definition(cases)


def _is_major(incident: Incident) -> bool:
    declarations = [step.what for step in incident.steps if step.what in {"declared_major", "downgraded"}]
    return bool(declarations) and declarations[-1] == "declared_major"


def _reviewed(world: World) -> list[Counted]:
    counted_cases = []
    for incident in incidents(world):
        n = incident.final
        if n is None or incident.record.fields(n).get("declared_major_at") is None:
            continue
        step = incident.steps[n]
        due = instant_of(incident.record.fields(n).get("review_due_at")) or step.at + timedelta(days=7)
        episode = incident.episodes[-1]
        since = min([*episode.resolved, *episode.closed])
        reviews = [later for later in incident.steps[since + 1 :] if later.what == "reviewed"]
        counted_cases.append(
            Counted(
                incident.id,
                step.at,
                int(any(review.at <= due for review in reviews)),
                incident.cut(n),
                incident.excluded,
            )
        )
    return counted_cases


def _restored(world: World) -> list[Counted]:
    counted_cases = []
    for incident in incidents(world):
        n = incident.final
        if n is None:
            continue
        fields = incident.record.fields(n)
        back, began = instant_of(fields.get("service_restored_at")), instant_of(fields.get("began_at"))
        if fields.get("effect") not in {"down", "degraded"} or back is None:
            continue
        since = incident.record.opened_at if began is None else began
        seconds = seconds_between(since, back)
        skewed = began is None or seconds < 0
        counted_cases.append(
            Counted(incident.id, back, max(0, seconds), incident.cut(n), incident.excluded, skewed=skewed)
        )
    return counted_cases


def _recorded(number: Callable[[int], int]) -> Definition:
    def cases(world: World) -> list[Counted]:
        counted_cases = []
        for incident in incidents(world):
            of_ends = [] if incident.final is None else [(incident.final, incident.steps[incident.final].at)]
            for n, occurred_at in [(0, incident.record.opened_at), *of_ends]:
                step = incident.steps[n]
                if _imported(step):
                    continue
                seconds = seconds_between(occurred_at, step.recorded_at)
                cut = incident.cut(n, opening=n == 0)
                counted_cases.append(
                    Counted(incident.id, step.recorded_at, number(seconds), cut, incident.excluded)
                )
        return counted_cases

    return Definition(cases)


def _imported(step: Step) -> bool:
    return step.source.startswith("import:")


def _unended(incident: Incident, n: int, phase: str) -> bool:
    return phase == OPEN


def _unanswered(incident: Incident, n: int, phase: str) -> bool:
    return phase == OPEN and (incident.response is None or incident.response > n)


def _never_resolved(incident: Incident, n: int, phase: str) -> bool:
    return phase == OPEN and (incident.first_resolution is None or incident.first_resolution > n)


def _unclosed(incident: Incident, n: int, phase: str) -> bool:
    """Whether it is open, or resolved and has not been closed since it was open last; a cancellation behind
    which it went on changes nothing (0006).
    """
    phases = [phase for place, phase in incident.phases if place <= n]
    since = max(place for place, phase in enumerate(phases) if phase not in {RESOLVED, CLOSED})
    return phase == OPEN or (phase == RESOLVED and CLOSED not in phases[since:])


def _backlog_age(world: World, instant: datetime) -> list[Open]:
    return [
        Open(
            open_case.case,
            open_case.opened_at,
            open_case.cut,
            open_case.on_hold,
            whole_seconds(open_case.opened_at, instant),
        )
        for open_case in _open_at(_unended)(world, instant)
    ]


def _with(definition: Definition, holds: Callable[[Incident, int, str], bool]) -> Definition:
    return Definition(definition.cases, _open_at(holds))


def _noise(world: World) -> list[Counted]:
    counted_cases = []
    for incident in incidents(world):
        n = incident.final
        if n is None or incident.record.fields(n).get("channel") != "monitoring":
            continue
        started = any(step.what == "started" and not step.by_rule for step in incident.steps[: n + 1])
        by_person = incident.steps[n].actor.startswith("person:")
        counted_cases.append(
            Counted(
                incident.id,
                incident.steps[n].at,
                int(not by_person and not started),
                incident.cut(n),
                incident.excluded,
            )
        )
    return counted_cases


DEFINITIONS = {
    "incidents_opened": _opened(lambda incident, world: 1),
    "incidents_resolved": _at(lambda incident: incident.final, lambda incident, n: 1),
    "incidents_closed": _at(lambda incident: incident.last_close, lambda incident, n: 1),
    "first_resolution_seconds": _with(
        _at(lambda incident: incident.first_resolution, lambda incident, n: incident.seconds(n)),
        _never_resolved,
    ),
    "incident_resolution_elapsed_seconds": _with(
        _at(lambda incident: incident.final, lambda incident, n: incident.seconds(n)),
        lambda incident, n, phase: phase == OPEN,
    ),
    "incident_close_seconds": _with(
        _at(lambda incident: incident.last_close, lambda incident, n: incident.seconds(n)), _unclosed
    ),
    "reopened_share": _at(lambda incident: incident.final, _reopened),
    "reassigned_share": _at(
        lambda incident: incident.final, lambda incident, n: int(len(incident.teams) > 1)
    ),
    "reassignments_per_case": _at(
        lambda incident: incident.final, lambda incident, n: max(0, len(incident.teams) - 1)
    ),
    "handovers_per_case": _at(lambda incident: incident.final, lambda incident, n: incident.handovers),
    "ping_pong_rate": _at(lambda incident: incident.final, _came_back),
    "reassignments": _moved(lambda back: 1),
    "returned_reassignment_share": _moved(int),
    "incident_resolution_km": Definition(_survival),
    "irregular_share": _opened(lambda incident, world: int(any(step.irregular for step in incident.steps))),
    "major_incidents": _declared(lambda incident: 1),
    "majors_downgraded": _declared(lambda incident: int(not _is_major(incident))),
    "major_reviewed_on_time": Definition(_reviewed),
    "incident_restore_seconds": Definition(_restored, _open_at(_unended)),
    "late_recording_seconds": Definition(_recorded(lambda seconds: seconds).cases, _open_at(_unended)),
    "late_recording_share": _recorded(lambda seconds: int(seconds > 86_400)),
    "backlog": Definition(open=_open_at(_unended)),
    "backlog_age_seconds": Definition(open=_backlog_age),
    "alert_noise": Definition(_noise),
}
