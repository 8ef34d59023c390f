"""Every type of notice is rendered in every language, of the events of all actions: it says what its event
has, and nothing that is not for its reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from app.common.notices import NoticeType
from app.common.times.clocks import ClockEventType
from app.registry import LIFECYCLES
from tests.clocks import append_clock_event
from tests.every_action.test_who_gets_work import drive, steps_of
from tests.every_action.world import ROWS, Row, World, nearest_first, of_decisions, steps_before
from tests.every_action.world_data import IDS
from tests.extent import WHOLE, first_of
from tests.notifications.notice_checks import CHECKS, Known, known_to, says_nothing_twice
from tests.notifications.rendering import (
    PUBLIC_URL,
    Case,
    Shown,
    bundled,
    busiest_records,
    cases_of,
    digests,
    made_up_cases,
    newest_of_each,
    show,
    types_of,
)
from tests.notifications.told_values import told_by
from tests.selection import covering

#: Actions that a test of who gets work tries with somebody who may be named: here it is always the same one.
NAMED_OTHERWISE = {
    *((kind, "assign_complaint") for kind in ("request", "incident", "release", "problem", "change")),
    *(("improvement", "assign_complaint"), ("meeting", "invite")),
    *(("improvement_plan", "draft"), ("improvement_plan", "revise")),
}
#: Votes are cast on the way to what they decide.
DRIVEN = [
    (lc, row)
    for lc, row in ROWS
    if not of_decisions(row) and row.name != "vote" and (lc.kind, row.name) not in NAMED_OTHERWISE
]
#: Types of notices that another event of the record can stand for. The end of an agreement is not among them:
#: only a signed one has a date.
MADE_UP = frozenset[NoticeType]().union(*(types_of(lifecycle) for lifecycle in LIFECYCLES))
MADE_UP -= {NoticeType.agreement_ends}


def test_events_of_one_type_cause_the_same_notices() -> None:
    """Notices are found by the type of the event: an approval was once announced as a refusal."""
    notices: dict[str, set[object]] = {}
    for _, row in ROWS:
        for event in row.events:
            notices.setdefault(event, set()).add(row.consequences.notifies)
    assert [event for event, different in notices.items() if len(different) > 1] == []


def types_told(case: Row) -> set[NoticeType]:
    """The types of notices that the row's event causes, by the tables and the marks of fields."""
    lifecycle, row = case
    named = steps_of(lifecycle.record) if row.opens else set()
    return {step for step, _ in told_by(lifecycle, row)} | steps_of(row.body) | named


def chosen_features(case: Row) -> set[object]:
    """What `make test` covers once each: every kind of record, every type of notice of a new record, and all
    that no other event can stand for.
    """
    types = types_told(case)
    return {case[0].kind, *(types - MADE_UP if steps_before(case) else types)}


@dataclass
class Notices:
    """All that was shown to readers: to whom the events name or staff, to a requester and to an outsider."""

    world: World
    cases: list[Case]
    shown: list[Shown]
    known: Known


@pytest.fixture(scope="module")
async def told(world: World) -> Notices:
    """Notices of each type, and of each type of event that it tells of."""
    ledger, everybody = world.api.ledger, UUID(world.everybody.id)
    telling = [case for case in DRIVEN if types_told(case)]
    for lifecycle, row in DRIVEN if WHOLE else covering(nearest_first(telling), chosen_features):
        await drive(world, lifecycle, row, world.colleague)
    for event in (ClockEventType.warned, ClockEventType.breached):
        await append_clock_event(ledger, f"incident/{IDS['incident']}", event, percent=75)
    every = await cases_of(ledger, everybody)
    cases = newest_of_each(every)
    cases += await made_up_cases(ledger, set(NoticeType) - {case.step for case in cases}, everybody)
    outsider = await world.api.client("Outsider")
    # Together with others each is shown below.
    alone = cases if WHOLE else list({case.step: case for case in cases}.values())
    unaddressed = [
        replace(case, reader=UUID(reader))
        for case in alone
        for reader in first_of((world.requester.id, outsider.id), 1)
    ]
    # What is made up may be of an event that something real is told of, and the two are never told together.
    together = bundled(case for case in cases if not case.is_made_up)
    bundles = [*((case,) for case in [*alone, *unaddressed]), *together, *busiest_records(every)]
    shown = await show(ledger, bundles)
    return Notices(world, cases, shown, await known_to(ledger, shown))


async def test_every_type_of_notice_is_tried(told: Notices) -> None:
    assert {case.step for case in told.cases} == set(NoticeType)
    assert {notice.mail is None for notice in told.shown} == {True, False}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_every_notice_in_every_language(
    told: Notices, check: Callable[[Known, Shown], Iterator[str]]
) -> None:
    wrong = {f"{notice.name}: {fault}" for notice in told.shown for fault in check(told.known, notice)}
    assert not wrong, "\n".join(sorted(wrong))


async def test_a_mail_of_a_day_says_no_sentence_twice_of_a_record_and_no_paragraph_twice(
    told: Notices,
) -> None:
    ledger = told.world.api.ledger
    of_records = await digests(ledger, told.shown, by_record=True)
    wrong = {f"{mail.name}: {fault}" for mail in of_records for fault in says_nothing_twice(told.known, mail)}
    assert not wrong, "\n".join(sorted(wrong))
    for mail in await digests(ledger, told.shown, by_record=False):
        paragraphs = mail.body.split("\n\n")
        assert len(paragraphs) == len(set(paragraphs))


async def test_the_address_in_a_notice_is_that_of_its_record(told: Notices) -> None:
    links = {notice.row["about"]: notice.item["link"] for notice in told.shown if notice.mail is not None}
    assert links
    for about, link in links.items():
        answer = await told.world.everybody.get(link.removeprefix(PUBLIC_URL))
        assert answer.status_code == 200, link
        document = answer.json()
        assert link.endswith("/sla") or document["id"] == about.partition("/")[2], link
