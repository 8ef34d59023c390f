"""What a notice says waits for somebody is in their work as long as they can do it, and leaves it when it is
done by them or by somebody else.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import unescape
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from app.common.notices import NoticeKind, NoticeType
from app.common.people import STAFF_ROLES, Person, rule_caller
from app.foundation.decisions.payloads import RemindVoters
from app.foundation.people.succession.leaving import ReportDuties
from app.governance.findings.records import FindingState
from app.governance.scorecards.records import ScorecardState
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.log.events import kind_of
from app.platform import schema
from app.processes.changes.records import ChangeState
from app.registry import LIFECYCLES_BY_KIND
from app.ticketing.routes.asked_actions import ASKED_ACTIONS
from tests.client import Client, Json, an_incident
from tests.every_action.samples import valid_body
from tests.every_action.test_every_notice import DRIVEN
from tests.every_action.test_who_gets_work import HOLDING, drive, steps_of, tell
from tests.every_action.world import (
    OF_RULES,
    ROWS,
    Row,
    World,
    nearest_first,
    of_decisions,
    record_address,
    send,
)
from tests.every_action.world_data import TEAM
from tests.extent import WHOLE
from tests.people import act, add_person
from tests.selection import covering

WAITING = frozenset(step for step in NoticeType if step.kind is NoticeKind.waits_for_you)
#: The sections of one's work with what waits for one otherwise than by an action that a notice asks for.
SECTIONS = {
    NoticeType.to_vote: "votes",
    NoticeType.vote_due: "votes",
    NoticeType.complained: "complaints",
    NoticeType.complaint_assigned: "complaints",
}
#: What is said otherwise of an action, if its sample is not for whoever does it.
OTHERWISE: dict[str, tuple[Json, ...]] = {"review_solution": ({}, {"side": "it"})}
#: Of so many notices of one type and kind `make test` checks whether they are still open to their readers.
MOST_CHECKED = 4
OPEN_QUESTION = "select record, id from fold.decision where closed_at is null order by id desc limit 1"
NEWEST = """
select s.step, n.about, n.person_id from fold.notice n cross join lateral unnest(n.steps) as s(step)
where s.step = any(%s) order by n.id desc"""


@dataclass(frozen=True)
class Waiting:
    """What a notice says waits for a person, and they themselves as a client."""

    step: NoticeType
    about: str
    reader: Client

    @property
    def name(self) -> str:
        """How it is called in reports."""
        return f"{self.step.value} of {self.about}"

    @property
    def lifecycle(self) -> Lifecycle[Any]:
        """What can happen to the record."""
        return LIFECYCLES_BY_KIND[kind_of(self.about)]

    @property
    def path(self) -> str:
        """Where the record is."""
        return record_address(self.lifecycle, {"id": self.about.partition("/")[2]})

    async def is_in_work(self) -> bool:
        """Whether it is in their work."""
        work = await self.reader.read("/v1/me/work")
        record = self.about.partition("/")[2]
        if self.step in SECTIONS:
            return record in {entry["ticket"] for entry in work[SECTIONS[self.step]]}
        names = ASKED_ACTIONS[self.step].names
        return record in {entry["record"] for entry in work["asked"] if entry["action"] in names}

    async def undated(self) -> list[str]:
        """The actions in their work that a notice asks of them, and that give no time until which."""
        entries = (await self.reader.read("/v1/me/work"))["asked"]
        return [entry["action"] for entry in entries if not entry["due_at"] and entry["action"] != "close"]

    async def is_open(self) -> bool:
        """Whether they can do it, and have not done their part."""
        if self.step in SECTIONS:
            return await self.is_in_work()
        return bool(await self.open_actions())

    async def open_actions(self) -> list[str]:
        """Those of the actions that it asks for which the record offers them now."""
        answer = await self.reader.get(self.path)
        names = ASKED_ACTIONS[self.step].names
        offered = answer.json()["actions"] if answer.status_code == 200 else ()
        return [action["action"] for action in offered if action["action"] in names and action["open"]]


def test_the_index_of_notices_has_all_that_ask_for_something() -> None:
    dumped = (schema.MIGRATIONS / "schema.sql").read_text(encoding="utf-8")
    (line,) = [line for line in dumped.splitlines() if "INDEX notice_asking" in line]
    indexed = re.search(r"'\{(.*)\}'", line)
    assert indexed, "the query repeats the condition of the index, or reads every notice"
    assert {*indexed[1].split(",")} == {step.value for step in ASKED_ACTIONS}


def test_each_type_of_notice_that_waits_has_actions_or_a_section_of_ones_work() -> None:
    assert ASKED_ACTIONS.keys() | SECTIONS.keys() == WAITING
    for step, expected in ASKED_ACTIONS.items():
        kinds = [
            lc for lc in LIFECYCLES_BY_KIND.values() if any(name in lc.by_name for name in expected.names)
        ]
        assert kinds, step


@pytest.fixture(scope="module")
async def waiting(world: World) -> list[Waiting]:
    """What notices say waits for whom, after many things have happened: of each type and kind the newest that
    is still open to the reader, and the newest that is not.
    """
    await make_things_wait(world)
    await tell(world)
    rows = await world.api.ledger.db.rows(NEWEST, ([step.value for step in WAITING],))
    persons = dict.fromkeys(row["person_id"] for row in rows)
    readers = {person: await client_of(world, person) for person in persons}
    chosen: dict[tuple[NoticeType, str, bool], Waiting] = {}
    number_checked: Counter[tuple[NoticeType, str]] = Counter()
    for row in rows:
        task = Waiting(NoticeType(row["step"]), row["about"], readers[row["person_id"]])
        sort = task.step, task.lifecycle.kind
        is_known = len([key for key in chosen if key[:2] == sort]) == 2
        if not is_known and (WHOLE or number_checked[sort] < MOST_CHECKED):
            number_checked[sort] += 1
            is_open = await task.is_open()
            chosen.setdefault((task.step, task.lifecycle.kind, is_open), task)
    return list(chosen.values())


async def make_things_wait(world: World) -> None:
    """Things happen of which some wait for somebody: what rows say, what votes lead to, what rules remind of,
    and what waits for its requester.
    """
    ledger = world.api.ledger
    roles = HOLDING["assign_complaint"]
    manager = await add_person(ledger, "Chosen", TEAM, roles=roles)
    everybody = cast(Person, SimpleNamespace(id=UUID(world.everybody.id)))
    for lifecycle, row in chosen_rows():
        named = manager if HOLDING.get(row.name) == roles else world.colleague
        await drive(world, lifecycle, row, everybody if (lifecycle, row) in OF_RULES else named)
    leading = [(lc, row) for lc, row in ROWS if of_decisions(row) or len(row.leads_to) > 1]
    for lifecycle, row in covering([case for case in leading if waits_by_table(case)], waits_by_table):
        for state in row.leads_to:
            await world.make_record(lifecycle, state)
    path = f"/v1/incidents/{(await world.requester.post_ok('/v1/incidents', an_incident()))['id']}"
    await world.everybody.post_ok(f"{path}/assign", {"team": TEAM, "person": world.worker.id})
    await world.worker.post_ok(f"{path}/hold", {"reason": "awaiting_requester"})
    # The owner corrects a finding about somebody else, so the person who raised it can verify it.
    finding = LIFECYCLES_BY_KIND["finding"]
    await world.make_record(finding, FindingState.corrected, finding["verify"])
    # A card below the line needs a superior who talks it over.
    superior = {"manager": world.everybody.id}
    path = f"/v1/persons/{manager.id}"
    answer = await world.everybody.patch(path, json=superior, headers={"If-Match": "*"})
    assert answer.is_success, answer.text
    scorecard = LIFECYCLES_BY_KIND["scorecard"]
    await world.make_record(scorecard, ScorecardState.talk, more={"person": str(manager.id)})
    await world.make_record(LIFECYCLES_BY_KIND["change"], ChangeState.awaiting_approval)
    leaver = (await add_person(ledger, "Left", TEAM)).id
    path = f"/v1/incidents/{(await world.requester.post_ok('/v1/incidents', an_incident()))['id']}"
    await world.everybody.post_ok(f"{path}/assign", {"team": TEAM, "person": str(leaver)})
    await act(ledger, rule_caller("tests"), "person", "deactivate", leaver)
    left = ReportDuties(holder=str(leaver), duty_count=1, persons=(world.everybody.id,))
    await act(ledger, rule_caller("tests"), "person", "report_duties", leaver, left)
    stored = await ledger.db.row(OPEN_QUESTION)
    assert stored is not None
    kind, _, record = stored["record"].partition("/")
    body = RemindVoters(decision=stored["id"])
    await act(ledger, rule_caller("tests"), kind, "remind_voters", record, body)


def chosen_rows() -> list[tuple[Lifecycle[Any], Action[Any, Any]]]:
    """The rows that say by themselves that something waits, by `make test` one for each type of notice;
    `make test-all` tries all.
    """
    complaints = [(lc, row) for lc, row in ROWS if row.name == "assign_complaint"]
    asking = [
        (lc, row)
        for lc, row in DRIVEN
        if WAITING & steps_of(row.body) or waits_by_table((lc, row)) or row.name == "hold"
    ]
    if not WHOLE:
        return list(covering(nearest_first([*complaints, *asking]), waits))
    return [*complaints, *asking, *(case for case in DRIVEN if case not in asking)]


def waits_by_table(case: Row) -> frozenset[NoticeType]:
    """What the row's table says waits for somebody by it."""
    return WAITING & {rule.step for rule in case[1].consequences.notifies}


def waits(case: Row) -> frozenset[object]:
    """What waits for somebody by the row, or else what it is called."""
    return (WAITING & steps_of(case[1].body)) | waits_by_table(case) or frozenset({case[1].name})


async def client_of(world: World, person_id: UUID) -> Client:
    """The person, with a key for all that they hold."""
    held = await world.api.ledger.db.value("select roles from fold.person where id = %s", (person_id,))
    person = SimpleNamespace(id=person_id)
    return await world.api.client_of(cast(Person, person), *(held or ()))


async def test_people_besides_staff_do_in_the_portal_what_waits_for_them(waiting: list[Waiting]) -> None:
    opened = set()
    for reader in {task.reader.id: task.reader for task in waiting}.values():
        held = {grant["role"] for grant in (await reader.read("/v1/me"))["roles"]}
        if held & STAFF_ROLES:
            continue
        home = (await reader.get("/portal")).text.partition('id="waiting"')[2].partition("</section>")[0]
        for link in re.findall(r'href="([^"]+)"', home):
            action = link.split("/")[2], link.partition("?")[0].rpartition("/")[2]
            if action not in opened or WHOLE:
                form = await reader.get(unescape(link))
                # A ticket that waits for an answer is answered in its conversation.
                marker = 'id="reply"' if link.endswith("#reply") else 'class="action"'
                assert (form.status_code, marker in form.text) == (200, True), (link, form.text)
            opened.add(action)
    assert opened, "nothing waits for anybody besides staff"


async def test_what_waits_for_somebody_is_in_their_work_as_long_as_they_can_do_it(
    waiting: list[Waiting],
) -> None:
    wrong, steps_shown = [], set()
    for task in waiting:
        is_in_work = await task.is_in_work()
        if task.step in ASKED_ACTIONS:
            can = await task.open_actions()
            if bool(can) != is_in_work:
                wrong.append(f"{task.name} for {task.reader.id}: {is_in_work}, can {can}")
        if is_in_work:
            steps_shown.add(task.step)
    assert not wrong, "\n".join(wrong)
    assert not WHOLE or steps_shown == WAITING


async def test_what_waits_for_somebody_says_until_when(waiting: list[Waiting]) -> None:
    readers = {task.reader.id: task for task in waiting}
    undated = {action for task in readers.values() for action in await task.undated()}
    assert undated == set()


async def test_it_leaves_the_work_of_all_when_it_is_done_and_of_who_has_done_their_part(
    world: World, waiting: list[Waiting]
) -> None:
    wrong, done = [], set()
    for task in waiting:
        if task.step not in ASKED_ACTIONS or not await task.is_in_work():
            continue
        actor = await perform(world, task, (await task.open_actions())[0])
        if actor is None:
            continue
        done.add(task.step)
        for each in waiting:
            if (each.step, each.about) == (task.step, task.about):
                part_done = ASKED_ACTIONS[each.step].once and each.reader.id == actor
                if await each.is_in_work() != (bool(await each.open_actions()) and not part_done):
                    wrong.append(f"{each.name} for {each.reader.id}")
    assert not wrong, "\n".join(wrong)
    assert not WHOLE or done == ASKED_ACTIONS.keys()


async def perform(world: World, task: Waiting, name: str) -> str | None:
    """The reader does it, or else somebody who may. Gives the id of who did; None: nobody could."""
    row, record = task.lifecycle[name], {"id": task.about.partition("/")[2]}
    for client in (task.reader, world.everybody, world.worker, *world.people.values()):
        for more in OTHERWISE.get(name, ({},)):
            body = await valid_body(client, row, task.path) | more
            answer = await send(client, task.lifecycle, row, record, body)
            if answer.is_success:
                return client.id
    return None
