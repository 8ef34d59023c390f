"""Nothing new is about what is retired, whoever says it wherever; what was about it can be put right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.common.records import ForeignRef, KeyRef
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Patch, marks
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.cases import each_case
from tests.client import Client
from tests.every_action.samples import sample, valid_body
from tests.every_action.world import (
    OF_PEOPLE,
    World,
    case_name,
    of_decisions,
    of_kind,
    possible_states,
    record_address,
    send,
)
from tests.every_action.world_data import NUMBERS

#: What fields that name such records are called, alone or behind `for_` and the like.
WORDS = re.compile(r"(?:.*_)?(?:services?|cis?|categor(?:y|ies)|item|calendar|checklist|group)")
#: Fields that are called so and name none: sorts of causes, titles of tasks, and items of agendas.
OTHERS = frozenset(
    {
        "cause_category",
        "DraftCatalogueItem.checklist",
        "EditCatalogueItem.checklist",
        "DropAgendaItemMeeting.item",
    }
)
#: What a sample says instead of naming one there, and what must be said with one.
INSTEAD = {"group": "persons"}
TOGETHER = {"template": {"type": "standard"}}
Field = tuple[Lifecycle[Any], Action[Any, Any], str]


def naming() -> Iterator[Field]:
    """Every field of a body by which people name something that can be retired."""
    for lifecycle, row in OF_PEOPLE:
        if of_decisions(row):
            continue
        for mark in (KeyRef, ForeignRef):
            for field, marked in marks(row.body, mark).items():
                kind = LIFECYCLES_BY_KIND.get(marked.kind)
                if kind is not None and kind.lookup.retired and not marked.retired:
                    yield lifecycle, row, field


FIELDS = list(naming())
#: Those of records that keep the key of what they are about, and can be edited.
KEPT = [
    (lifecycle, row, field)
    for lifecycle, row, field in FIELDS
    if issubclass(row.body, Patch) and field in lifecycle.record.model_fields
]


def test_each_field_that_sounds_like_naming_one_does() -> None:
    unmarked = {
        f"{row.body.__name__}.{field}"
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for field in row.body.model_fields
        if WORDS.fullmatch(field) and field not in marks(row.body, KeyRef) | marks(row.body, ForeignRef)
    }
    assert {name for name in unmarked if OTHERS.isdisjoint({name, name.partition(".")[2]})} == set()


async def of_use(world: World, kind: str, process: str) -> tuple[str, str]:
    """The key and the address of a new one of that kind that can be named."""
    lifecycle, client = LIFECYCLES_BY_KIND[kind], world.everybody
    key = f"named-{next(NUMBERS)}"
    body = sample(lifecycle.opening()) | {"key": key}
    if "process" in body:
        body = {name: value for name, value in body.items() if name != "parent"} | {"process": process}
    record = await client.post_ok(f"/v1/{lifecycle.plural}", body)
    address = f"/v1/{lifecycle.plural}/{record['id']}"
    for name in ("go_live", "offer"):
        if name in lifecycle.by_name:
            await client.post_ok(f"{address}/{name}")
    if "approve" in lifecycle.by_name:
        await world.worker.post_ok(f"{address}/approve")
    return key, address


async def retire(client: Client, kind: str, address: str) -> str:
    """Nothing new is about it from now on; gives the code of the sentence that says so."""
    name = "retire" if "retire" in LIFECYCLES_BY_KIND[kind].by_name else "withdraw"
    return LIFECYCLES_BY_KIND[kind].lookup.retired[
        LIFECYCLES_BY_KIND[kind].states((await client.post_ok(f"{address}/{name}"))["state"])
    ]


def _kind(row: Action[Any, Any], field: str) -> str:
    kind: str = (marks(row.body, KeyRef) | marks(row.body, ForeignRef))[field].kind
    return kind


def _process(lifecycle: Lifecycle[Any]) -> str:
    """The process whose categories and checklists are named there."""
    return lifecycle.kind if lifecycle.kind in ("request", "problem", "change") else "incident"


def _is_list(row: Action[Any, Any], field: str) -> bool:
    return "tuple" in str(row.body.model_fields[field].annotation)


@each_case(("lifecycle", "row", "field"), FIELDS, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_whatever_names_what_is_retired_is_refused_and_nothing_is_written(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], field: str
) -> None:
    kind = _kind(row, field)
    key, address = await of_use(world, kind, _process(lifecycle))
    code = await retire(world.everybody, kind, address)
    several = _is_list(row, field)
    record = (
        None if row.opens else await world.make_record(lifecycle, possible_states(lifecycle, row)[0], row)
    )
    usual = (
        sample(row)
        if record is None
        else await valid_body(world.everybody, row, record_address(lifecycle, record))
    )
    usual = {name: value for name, value in usual.items() if name != INSTEAD.get(field)}
    body = usual | {field: [key] if several else key} | TOGETHER.get(field, {})
    pointer = f"/{field}/0" if several else f"/{field}"
    head = await world.api.head()
    answer = await send(world.everybody, lifecycle, row, record, body)
    assert answer.status_code == 422, answer.text
    assert (pointer, code) in [(e["pointer"], e["code"]) for e in answer.json()["errors"]]
    assert await world.api.head() == head


@each_case(("lifecycle", "row", "field"), KEPT, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_what_is_about_something_that_was_retired_later_can_be_put_right_in_all_else(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], field: str
) -> None:
    kind = _kind(row, field)
    key, address = await of_use(world, kind, _process(lifecycle))
    several = _is_list(row, field)
    named = {field: [key] if several else key}
    record = await world.make_record(lifecycle, possible_states(lifecycle, row)[0], row)
    first = await send(world.everybody, lifecycle, row, record, named)
    assert first.status_code == 200, first.text
    code = await retire(world.everybody, kind, address)
    other = {name: value for name, value in sample(row).items() if name != field}
    for body in (other, named):
        answer = await send(world.everybody, lifecycle, row, record, body)
        assert answer.status_code == 200, answer.text
        assert answer.json()[field] == named[field]
    cleared = await send(world.everybody, lifecycle, row, record, other | {field: [] if several else None})
    if cleared.status_code == 200:
        answer = await send(world.everybody, lifecycle, row, record, named)
        refused = [(error["pointer"].split("/")[1], error["code"]) for error in answer.json()["errors"]]
        assert refused == [(field, code)], "who names it anew is refused"
