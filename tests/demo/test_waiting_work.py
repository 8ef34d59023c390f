"""A desk where something is to be done: work for every role, open questions, and duties of a leaver."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from app.cli.server.demo_server import make_keys
from app.common.people import Role
from app.demo.data.governance.waiting_data import LEAVER
from app.demo.data.organisation import KEYS
from app.demo.languages import in_language
from app.desk.homes import HOMES, OPEN_STATES, READER_TEAMS
from app.desk.pages.lists.tabs import open_states
from app.foundation.decisions.records import Decision, DecisionKind
from app.foundation.people.succession.lookups import duties_of
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.registry import LIFECYCLES_BY_KIND
from tests.client import Client, serving
from tests.conftest import DEMO, Server, fresh
from tests.demo.conftest import USUAL
from tests.demo.making import DEMO_DAYS

OPEN_QUESTIONS = """
select distinct coalesce(decision, '') as kind, split_part(record, '/', 1) as about from fold.decision
where state = 'open'"""
#: States of what is in use, in which nothing is to be done; administrators keep such records.
AT_REST = {"published", "active", "live", "live,maintenance", "signed,under_review"}
KEEPERS = {Role.admin}
#: Actions of those whom a record asks, whatever their role.
ASKED = {"vote", "decide", "report_progress", "complete_rollout_step"}
OLD_FOLLOW_UPS = """
select t.id, t.due_at from fold.task t join fold.incident i on i.id = split_part(t.record, '/', 2)::uuid
where t.record like 'incident/%%' and i.state = 'closed' and t.completed_at is null
  and t.due_at < now() - interval '7 days'"""
#: Every table of records with a title.
TITLED = """
select table_name from information_schema.columns where table_schema = 'fold' and column_name = 'title'"""


def test_everybody_can_sign_in_in_each_role_that_has_a_home() -> None:
    printed = {role for _, _, roles in KEYS for role in roles}
    assert set(HOMES) - printed == set()


async def test_everybody_finds_work_in_each_role_that_they_sign_in_with(
    server: Server, demo_secrets: Path
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        place = stack.enter_context(fresh(server, DEMO))
        api = await stack.enter_async_context(serving(place.url, demo_secrets, USUAL))
        rows = await api.ledger.db.rows("select id, name from fold.person", ())
        names = await api.ledger.vault.texts({row["name"] for row in rows})
        persons = {str(names[row["name"]]): row["id"] for row in rows if row["name"] in names}
        keys = await make_keys(api.ledger, persons)
        filled, waiting = {}, {}
        for owner, name, roles in KEYS:
            client = api.with_token(keys[owner])
            # What notices ask for comes with the first work of the worker.
            work = await client.read("/v1/me/work") if name is not None else {"nobody": [owner]}
            waiting[owner] = [section for section, items in work.items() if items and section != "queues"]
            for role in set(roles) & set(HOMES):
                filled[role] = await _filled_lists(client, role)
    assert {owner: sections for owner, sections in waiting.items() if not sections} == {}
    assert {role: lists for role, lists in filled.items() if not lists} == {}
    assert filled.keys() == HOMES.keys()


async def _filled_lists(client: Client, role: Role) -> list[str]:
    """The lists of what is to be done on the role's first page of which the role can do something with a
    record, by their labels; auditors only read.
    """
    teams = ",".join(team["id"] for team in (await client.read("/v1/me"))["teams"])
    filled = []
    for chosen in HOMES[role].lists:
        lifecycle = LIFECYCLES_BY_KIND[chosen.kind]
        values = {OPEN_STATES: ",".join(open_states(lifecycle)), READER_TEAMS: teams}
        filters = {name: values.get(value, value) for name, value in parse_qsl(chosen.query)}
        is_work = role in KEEPERS or filters.get("state") not in AT_REST
        if not is_work or "" in filters.values():
            continue
        page = await client.read(
            f"/v1/{lifecycle.plural}?{urlencode(filters)}", limit="50", include="actions"
        )
        done_by_role = {row.name for row in lifecycle.rows if role in row.policy.roles or row.name in ASKED}
        offered = {action for record in page["items"] for action in record["actions"]}
        if offered & done_by_role or (role is Role.auditor and page["items"]):
            filled.append(chosen.label.en)
    return filled


async def test_a_question_of_each_kind_waits_for_votes(demo_to_read: Ledger) -> None:
    waiting = await demo_to_read.db.rows(OPEN_QUESTIONS, ())
    assert {kind.value for kind in DecisionKind} - {row["kind"] for row in waiting} == set()
    decided = {kind for kind, lifecycle in LIFECYCLES_BY_KIND.items() if Decision in lifecycle.children}
    assert len(decided) > 8
    # Orders arrive by chance, and their approvers answer within a day.
    assert decided - {row["about"] for row in waiting} <= {"request"}


async def test_nobody_has_old_follow_ups_of_major_incidents(demo_to_read: Ledger) -> None:
    rows = await demo_to_read.db.rows(OLD_FOLLOW_UPS, ())
    assert len(rows) <= 4, rows


async def test_somebody_has_left_whose_duties_wait(demo_to_read: Ledger) -> None:
    left = await demo_to_read.db.rows(
        "select id from fold.person where state = 'inactive' and kind = 'human'", ()
    )
    assert len(left) == 1, LEAVER
    duties = await duties_of(demo_to_read.db.rows, demo_to_read.lifecycles.values(), left[0]["id"])
    assert {duty.kind for duty in duties} >= {"incident"}


def test_no_step_of_the_demo_is_refused(refused_steps: list[str]) -> None:
    assert Counter(refused_steps) == {}


async def test_no_title_says_the_same_in_two_languages(demo_to_read: Ledger) -> None:
    tables = [row["table_name"] for row in await demo_to_read.db.rows(TITLED, ())]
    named = " union all ".join(f"select title::text from fold.{table}" for table in tables)
    titles = [row["title"] for row in await demo_to_read.db.rows(named, ()) if row["title"]]
    assert len(titles) > 500
    assert {title for title in titles if in_language(title, "zh") != title} == set()
    assert sum(bool(re.search("[\u4e00-\u9fff]", title)) for title in titles) > 100


@pytest.mark.parametrize("key", ["sla_attainment", "incident_resolution_attainment"])
async def test_not_every_promise_is_kept(demo_to_read: Ledger, key: str) -> None:
    now = datetime.now(UTC)
    parameters = QuestionParameters(grain="month", begin=f"{now - timedelta(days=DEMO_DAYS):%Y-%m-%d}")
    question = parse_question(KPIS[key], parameters, now=now, organisation_zone="UTC")
    points = (await answer(demo_to_read.db, question, now)).points
    # Over all months: the month that has just begun may have three cases, and one of them late.
    shares = [(point.value, point.cases) for point in points if point.cases and point.value is not None]
    assert shares
    share = sum(value * cases for value, cases in shares) / sum(cases for _, cases in shares)
    assert 0.8 < share < 1, shares
