"""The KPIs of how good and how punctual requests are (34, 36 to 38, and those of the service regulation)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.kpis.brute_force import improvement
from tests.kpis.brute_force.agreements import Agreements
from tests.kpis.brute_force.counted import Counted, Definition, Open
from tests.kpis.brute_force.reading import Record, Step, World, instant_of, seconds_between
from tests.kpis.brute_force.request_lives import EXCLUDED, Request, is_open, requests, when_delivered

#: For how long a request may be reopened where nobody has agreed otherwise.
USUAL_DAYS = 7
AWAITING_APPROVAL = "awaiting_approval"
#: Before, a reopening was rework of projects alone.
REOPENINGS_COUNT = datetime(2026, 11, 30, tzinfo=UTC)


def _due(promised: Callable[[Request], datetime | None]) -> Definition:
    """In time when it was delivered for good by then; or else late when its time ran out, as it was known
    just before. What had been cancelled or rejected by then was never late, nor what was not submitted yet.
    """

    def cases(world: World) -> list[Counted]:
        counted_cases = []
        for request in requests(world):
            due, n = promised(request), request.final
            if due is None:
                continue
            if n is not None and request.steps[n].at <= due:
                counted_cases.append(
                    Counted(request.id, request.steps[n].at, 1, request.cut(n), request.excluded)
                )
                continue
            n = request.record.last_before(due)
            if (
                n is None
                or due > world.now
                or (request.excluded is not None and not is_open(request.state(n)))
            ):
                continue
            counted_cases.append(Counted(request.id, due, 0, request.cut(n), request.excluded))
        return counted_cases

    return Definition(cases)


def _promised_by_item(request: Request) -> datetime | None:
    seconds = request.fields(len(request.steps) - 1).get("target_seconds")
    return None if seconds is None else request.record.opened_at + timedelta(seconds=seconds)


def _first_planned(request: Request) -> datetime | None:
    """The date of the first plan that was approved: only projects have one."""
    return instant_of(request.fields(len(request.steps) - 1).get("first_planned_at"))


def _projects() -> Definition:
    """Projects by the first plan, and improvements."""
    requested = _due(_first_planned).cases
    assert requested is not None
    return Definition(lambda world: [*requested(world), *improvement.projects(world)])


def _tasks(record: Record) -> dict[str, list[tuple[Step, dict[str, Any]]]]:
    """What was told of each task, in the order that counts."""
    tasks_of: dict[str, list[tuple[Step, dict[str, Any]]]] = {}
    for step in record.steps:
        for name, row in step.rows.items():
            if name.startswith("task/"):
                tasks_of.setdefault(name, []).append((step, row or {}))
    return tasks_of


def _tasks_on_time(world: World) -> list[Counted]:
    counted_cases = []
    for request in requests(world):
        for task in _tasks(request.record).values():
            due = next(
                (instant for _, row in task if (instant := instant_of(row.get("due_at"))) is not None), None
            )
            fields: dict[str, Any] = {}
            for _, row in task:
                fields |= row
            done, dropped = instant_of(fields.get("completed_at")), instant_of(fields.get("dropped_at"))
            if due is None or due > world.now or (dropped is not None and dropped <= due):
                continue
            in_time = int(done is not None and done <= due)
            before = max(n for n, step in enumerate(request.steps) if n == 0 or step.at < due)
            counted_cases.append(Counted(request.id, due, in_time, request.cut(before), request.excluded))
    return counted_cases


def _approver_role(request: Request, n: int) -> str | None:
    """The role that the last question was put to by that step; a group or named persons have none."""
    role = None
    for step in request.steps[: n + 1]:
        if "approval_id" in step.told:
            role = (step.rows.get(f"decision/{step.told['approval_id']}") or {}).get("role")
    return role


def _waits(request: Request) -> list[tuple[int, timedelta]]:
    """The waits for an approval that were answered: by which step, and how long they were. Asked anew it goes
    on, and what it was on hold is taken away.
    """
    waits = []
    waited: timedelta | None = None
    for place, (n, state) in enumerate(request.led):
        if request.steps[n].what in {"approved", "refused"} and waited is not None:
            waits.append((n, waited))
        if state == AWAITING_APPROVAL:
            until = (
                request.since(request.led[place + 1][0]) if place + 1 < len(request.led) else request.since(n)
            )
            waited = (waited or timedelta()) + (until - request.since(n))
        elif state != "on_hold":
            waited = None
    return waits


def _approvals(world: World) -> list[Counted]:
    """The waits that an answer ended."""
    counted_cases = []
    for request in requests(world):
        start = request.record.opened_at
        for n, waited in _waits(request):
            cut = request.cut(n) | {"approver_role": _approver_role(request, n)}
            seconds = seconds_between(start, start + waited)
            counted_cases.append(Counted(request.id, request.steps[n].at, seconds, cut, request.excluded))
    return counted_cases


def _undecided(world: World, instant: datetime) -> list[Open]:
    opens = []
    for request in requests(world):
        n = request.record.last_before(instant)
        if n is not None and request.state(n) == AWAITING_APPROVAL:
            cut = request.cut(n) | {"approver_role": _approver_role(request, n)}
            opens.append(Open(request.id, request.record.opened_at, cut))
    return opens


def _verdicts(world: World) -> list[Counted]:
    """The first verdict of each: only projects are accepted or not."""
    counted_cases = []
    for request in requests(world):
        judged = [n for n, step in enumerate(request.steps) if step.what in {"accepted", "acceptance_failed"}]
        if judged:
            n = judged[0]
            number = int(request.steps[n].what == "accepted")
            counted_cases.append(
                Counted(request.id, request.steps[n].at, number, request.cut(n), request.excluded)
            )
    return counted_cases


def _by_requester(request: Request, n: int) -> bool:
    return request.steps[n].actor == f"person:{request.fields(n).get('requester_id')}"


def _is_rework(request: Request, n: int) -> bool:
    step = request.steps[n]
    state = step.told.get("state")
    if step.what == "requirements_changed":
        return not _by_requester(request, n)
    sent_back = step.what == "solution_reviewed" and state == "revising"
    taken_up = step.what == "reopened" and (state == "rectifying" or step.at >= REOPENINGS_COUNT)
    return step.what == "acceptance_failed" or sent_back or taken_up


def rework_rounds(request: Request, end: int) -> int:
    """How often something had been done again by then."""
    return sum(_is_rework(request, n) for n in range(end + 1))


def _changes(request: Request, end: int) -> int:
    changed = (n for n in range(end + 1) if request.steps[n].what == "requirements_changed")
    return sum(_by_requester(request, n) for n in changed)


def taken_up_soon(request: Request, agreements: Agreements) -> bool:
    """Whether it was taken up again within the agreed days of a delivery."""
    own, agreement = request.fields(len(request.steps) - 1).get("reopen_days"), agreements.of(request.record)
    agreed = None if agreement is None else agreement.terms.get("reopen_days")
    days = timedelta(
        days=next((agreed_days for agreed_days in (own, agreed) if agreed_days is not None), USUAL_DAYS)
    )
    for episode in request.episodes:
        if not episode.delivered or episode.left is None:
            continue
        away = request.steps[episode.left]
        soon = away.at <= request.steps[max(episode.delivered)].at + days
        if soon and away.told["state"] not in EXCLUDED:
            return True
    return False


def _accurate(world: World) -> list[Counted]:
    agreements = world.once(Agreements)

    def number(request: Request, n: int) -> int:
        return int(rework_rounds(request, n) == 0 and not taken_up_soon(request, agreements))

    cases = when_delivered(number).cases
    assert cases is not None
    return list(cases(world))


DEFINITIONS: dict[str, Definition] = {
    "request_on_time": _due(_promised_by_item),
    "project_on_time": _projects(),
    "tasks_on_time": Definition(_tasks_on_time),
    "approval_wait_seconds": Definition(_approvals, _undecided),
    "acceptance_first_pass": Definition(_verdicts),
    "request_rework": when_delivered(lambda request, n: int(rework_rounds(request, n) > 0)),
    "request_rework_rounds": when_delivered(rework_rounds),
    "requirement_changes_per_request": when_delivered(_changes),
    "service_accuracy": Definition(_accurate),
}
