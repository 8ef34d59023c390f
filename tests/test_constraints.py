"""What the database forbids is declared by the lifecycle whose tables it holds, or need never be answered."""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from app.common.records import Record
from app.i18n import sentences
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.rules import VAULT_CONSTRAINTS, CheckFailed, ValueTaken
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.conftest import DatabaseUrls
from tests.every_action.world import case_name

QUERY = """
select n.nspname as schema, t.relname as table_name, c.relname as name, i.indisprimary as is_key,
       array(select a.attname::text from unnest(i.indkey) as k join pg_attribute a
             on a.attrelid = i.indrelid and a.attnum = k) as columns
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = t.relnamespace
where i.indisunique and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
union
select n.nspname, t.relname, k.conname, false, '{}'
from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_namespace n on n.oid = t.relnamespace
where k.contype in ('c', 'x') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
union
select n.nspname, p.proname, raised[1], false, '{}'
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
cross join lateral regexp_matches(p.prosrc, 'constraint = ''(\\w+)''', 'g') as raised
where n.nspname = 'schedule'
"""


class Held(NamedTuple):
    """A constraint, a unique index, or what a function of the schedule raises like one."""

    schema: str
    table_name: str
    name: str
    is_key: bool
    columns: list[str]


#: Schemas that no action writes to, and who does.
NOT_BY_ACTIONS = {
    "business_time": "Spans follow from versions of calendars, and are written by whoever computes them.",
    "content": "Uploads are written by the routes that take them, before an action names one.",
    "deliveries": "Mails are written by the consumer that sends them.",
    "kpi": "Facts are written by the consumers that compute them.",
    "plumbing": "Each table is written by the consumer or the route that it is of.",
    "search": "The index is written by the consumer that follows the log.",
    "sla": "Clocks are written by the consumer of facts, which computes them.",
}
#: What an action cannot violate, and why.
NEVER = {
    "log.": "The log is written by its function alone, which refuses by itself or asserts.",
    "address_pkey": "Addresses are written by the consumer that follows persons, once for each.",
    "_number_key": "A number is drawn once, of a block that one process has.",
    "calendar_version_record_revision_key": "The revision is counted under the version of the calendar.",
    "cost_reverses_id_key": "An entry and what takes it back are on one stream, whose version holds it.",
    "work_reverses_id_key": "An entry and what takes it back are on one stream, whose version holds it.",
    "vote_decision_id_person_id_key": "Votes are made with their decision, one for each person.",
    "membership_person_id_team_id_key": "Memberships are on a person's stream, whose version holds it.",
    "membership_person_id_directory_group_id_key": "They are on a person's stream, whose version holds it.",
    "onlooker_person_id_record_key": "Onlookers are on the stream of their record, whose version holds it.",
    "follower_person_id_record_key": "Followers are on the stream of their record, whose version holds it.",
    "tag_name_record_key": "Tags are on the stream of their record, whose version holds it.",
    "external_reference_kind_key_source_key": "The names of sources are written by imports, and no action.",
    "kpi_signal_once_key": "One rule notes them, and leaves what another worker has noted.",
    "reconciliation_day": "One rule opens them, and keeps the name of the constraint as what came of it.",
    "master_pkey": "There is one master key, which setting up makes.",
    "master_one_check": "There is one master key, which setting up makes.",
    "booking_pkey": "The items of a change are distinct, and what it held before is removed first.",
    "_window_pkey": "The window that a change or a freeze held before is removed first.",
    "known_as_pkey": "The id is made for the row.",
    "personal_key_person": "A person is added with a key, once: the id is made for them.",
}


@pytest.fixture
def held(place: DatabaseUrls) -> list[Held]:
    with psycopg.connect(place.owner_url) as connection:
        cursor = connection.cursor(row_factory=namedtuple_row)
        return [Held(*row) for row in cursor.execute(QUERY).fetchall()]


def _declared() -> dict[str, Lifecycle[Any]]:
    return {name: lifecycle for lifecycle in LIFECYCLES for name in lifecycle.rules.constraints}


def _need_not_be_answered(constraint: Held) -> bool:
    """Whether no action can violate it."""
    if constraint.schema in NOT_BY_ACTIONS:
        return True
    if constraint.schema == "fold" and constraint.is_key:
        return True  # the row of an id is written over
    if constraint.schema == "fold" and constraint.columns[:1] == ["record"]:
        return True  # beside a record, whose version holds it
    return f"{constraint.schema}." in NEVER or any(constraint.name.endswith(suffix) for suffix in NEVER)


def test_every_constraint_is_declared_by_a_lifecycle_or_need_not_be_answered(held: list[Held]) -> None:
    assert len(held) > 100
    answered = _declared().keys() | VAULT_CONSTRAINTS.keys()
    left = [
        constraint
        for constraint in held
        if constraint.name not in answered and not _need_not_be_answered(constraint)
    ]
    assert left == []
    assert [
        constraint.name
        for constraint in held
        if constraint.name in answered and _need_not_be_answered(constraint)
    ] == []


def test_every_reason_is_needed(held: list[Held]) -> None:
    assert NOT_BY_ACTIONS.keys() <= {constraint.schema for constraint in held}
    names = [f"{constraint.schema}.{constraint.name}" for constraint in held]
    assert [reason for reason in NEVER if not any(reason in name for name in names)] == []


def test_what_is_declared_is_a_constraint_of_the_lifecycles_own_tables(held: list[Held]) -> None:
    tables = {constraint.name: constraint.table_name for constraint in held if constraint.schema == "fold"}
    derived = {constraint.name for constraint in held if constraint.schema == "schedule"}
    for name, lifecycle in _declared().items():
        kinds: set[type[Record]] = {lifecycle.record, *lifecycle.children}
        assert name in derived or tables[name] in {kind.KIND for kind in kinds}, name
    assert VAULT_CONSTRAINTS.keys() <= {
        constraint.name for constraint in held if constraint.schema == "vault"
    }


@each_case("lifecycle", [lifecycle for lifecycle in LIFECYCLES if lifecycle.rules.constraints], ids=case_name)
def test_what_is_declared_can_be_said(lifecycle: Lifecycle[Any]) -> None:
    for violation in lifecycle.rules.constraints.values():
        if isinstance(violation, ValueTaken):
            assert violation.field in lifecycle.record.model_fields
        elif isinstance(violation, CheckFailed):
            assert violation.code in sentences("en")["title"]
