"""Actions that wait for the caller: those that notices ask of them, and solutions that they may confirm, as
far as they are still open to them. One that they have performed since, or that the record no longer allows,
is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from app.common.notices import USUAL_TIME, NoticeType
from app.common.people import Caller
from app.foundation.people.succession.leaving import managed_kinds
from app.foundation.people.succession.lookups import duties_of
from app.kernel.access.reads import VersionedRecord, load_many
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.commands.offers import offers
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible
from app.log.canonical import instant
from app.log.events import id_of, kind_of
from app.service_levels.clocks.targets import targets_of

MOST_LISTED, MOST_CHECKED = 50, 200


@dataclass(frozen=True, slots=True)
class AskedActions:
    """The actions that a type of notice asks for, by their names; one of them suffices. `only` is a property
    of the record that must be true. `once`: people who have performed one since are not asked again, though
    the record may wait for others; otherwise the record itself shows when nothing waits for the caller.
    `due` is the record's field with the time until which the action is asked. `chosen_by` is a property of
    the record with the names of those actions that it waits for, if it does not wait for all of them.
    """

    names: tuple[str, ...]
    only: str | None = None
    chosen_by: str | None = None
    once: bool = False
    due: str = "due_at"


#: Actions that types of notices ask for. Votes, tasks and complaints have sections of their own.
ASKED_ACTIONS = {
    NoticeType.to_sign: AskedActions(("sign",), once=True),
    NoticeType.to_consent: AskedActions(
        ("sign", "renew", "terminate", "amend"),
        only="awaits_consents",
        chosen_by="awaited_consents",
        once=True,
    ),
    NoticeType.consent_refused: AskedActions(
        ("submit_for_review", "renew", "negotiate"), only="awaits_answer_to_refusal", once=True
    ),
    NoticeType.to_acknowledge: AskedActions(("acknowledge",), once=True),
    NoticeType.document_to_acknowledge: AskedActions(("acknowledge", "acknowledge_document"), once=True),
    NoticeType.to_publish: AskedActions(("publish", "accept_revision")),
    NoticeType.process_change_applied: AskedActions(("review",)),
    NoticeType.definition_to_review: AskedActions(("publish", "pilot")),
    NoticeType.to_review: AskedActions(("review_solution", "pass_gate")),
    NoticeType.to_review_change: AskedActions(("review",), due="review_due_at"),
    NoticeType.to_accept: AskedActions(("record_acceptance", "hand_over")),
    NoticeType.to_confirm_requirements: AskedActions(
        ("agree_to_requirements", "return_requirements"), only="awaits_confirmation"
    ),
    NoticeType.to_kick_off: AskedActions(("kick_off",)),
    NoticeType.to_answer: AskedActions(("comment",), only="awaits_requester", once=True),
    NoticeType.risk_lapsed: AskedActions(("reopen",), only="risk_lapsed_at"),
    NoticeType.to_verify: AskedActions(("verify",)),
    NoticeType.target_to_accept: AskedActions(("accept",)),
    NoticeType.posts_vacant: AskedActions(("change_people",), only="lacks_people"),
    NoticeType.evaluation_to_agree: AskedActions(("agree_to_evaluation",)),
    NoticeType.maintenance_due: AskedActions(("complete",)),
    NoticeType.to_self_check: AskedActions(("submit_self_check",), due="self_check_due_at"),
    NoticeType.to_summarise: AskedActions(("confirm_summary",), due="summary_due_at"),
    NoticeType.to_countersign: AskedActions(("countersign",), due="summary_due_at"),
    NoticeType.weights_to_confirm: AskedActions(("confirm",)),
    NoticeType.setting_to_agree: AskedActions(("agree",)),
    NoticeType.finding_to_correct: AskedActions(("correct",)),
    NoticeType.finding_objected: AskedActions(("decide_objection",)),
    NoticeType.finding_corrected: AskedActions(("verify",)),
    NoticeType.scorecard_to_rate: AskedActions(("rate",)),
    NoticeType.scorecard_talk: AskedActions(("settle",)),
    NoticeType.duties_held: AskedActions(("transfer_duties",), once=True),
    NoticeType.reminded: AskedActions(("acknowledge",)),
}
#: Action by which a requester confirms a solution.
CONFIRMING = AskedActions(("close",))
# The subquery hides the value from PostgreSQL's planner, which then keeps a generic plan: planning takes
# longer than running. Requests are found first, by the index notice_asking, whose condition is repeated here.
# Most of them are done, so records are read only in states with an open request. `offset 0` keeps the log
# from being joined: it is read one stream at a time.
REQUESTED_ACTIONS = """
with asked as materialized (
  select n.about, n.number, s.step, s.version, coalesce(s.stream, n.about) as stream, n.sent_at, n.id,
    split_part(n.about, '/', 1) as kind, split_part(n.about, '/', 2)::uuid as record
  from fold.notice n cross join lateral unnest(n.steps, n.versions, n.streams) as s(step, version, stream)
  where n.person_id = (select %(me)s::uuid) and n.steps && '{{{asking}}}'::text[]
), waiting as (
  select distinct on (a.about, a.step) a.* from asked a
  where concat_ws(' ', a.kind, a.step, case a.kind {states} end) = any(%(open)s::text[])
    and not exists (select from log.event e where e.stream = a.about and e.version > a.version
      and e.actor = (select %(actor)s::text) and concat_ws(' ', a.step, e.type) = any(%(done)s::text[])
      offset 0)
  order by a.about, a.step, a.id desc
)
select w.about, w.number, w.step, w.sent_at, e.occurred_at
from (select * from waiting order by id desc limit {most}) w
join log.event e on e.stream = w.stream and e.version = w.version order by w.id desc"""
STATE = "when '{kind}' then (select r.state from {table} r where r.id = a.record)"
# Uses the index {kind}_to_confirm, whose condition it repeats.
TO_CONFIRM = """
(select '{kind}/' || r.id as about, r.number, null as step, r.state_since as sent_at, null as occurred_at
from {table} r where r.requester_id = %(me)s and r.state in ({states})
order by r.state_since desc limit {most})"""


async def asked_actions(ledger: Ledger, caller: Caller, language: str, now: datetime) -> list[dict[str, Any]]:
    """Return the actions that wait for the caller, those asked for last first."""
    kinds = tuple(ledger.lifecycles.values())
    me = {"me": caller.person_id}
    query, parameters = requested_actions(kinds)
    rows = [*await ledger.db.rows(query, {**parameters, **me, "actor": caller.actor})]
    rows += await ledger.db.rows(to_confirm(kinds), me)
    rows.sort(key=lambda row: row["sent_at"], reverse=True)
    records = await _records(ledger, caller, rows)
    tickets = [stream for stream in records if ledger.lifecycles[kind_of(stream)].is_ticket]
    targets = await targets_of(ledger, tickets)
    context = CommandMetadata(caller, now, "", "api", language=language)
    items: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        loaded = records.get(row["about"])
        item = (
            None
            if loaded is None
            else await _open_action(ledger, context, {**row, "target_at": targets.get(row["about"])}, loaded)
        )
        if item is not None:
            items.setdefault((row["about"], item["action"]), item)
        if len(items) == MOST_LISTED:
            break
    return list(items.values())


@lru_cache(maxsize=8)
def requested_actions(lifecycles: tuple[Lifecycle[Any], ...]) -> tuple[str, Mapping[str, Any]]:
    """Return the SQL of a person's open requests by notices, and its parameters except the person: which step
    asks for an open action in which state, and the events that complete it.
    """
    states, open_in, done = [], [], []
    for lifecycle in lifecycles:
        asking = [(step, actions, _rows(lifecycle, actions)) for step, actions in ASKED_ACTIONS.items()]
        for step, actions, rows in asking:
            open_in += [f"{lifecycle.kind} {step.value} {state}" for state in _states(lifecycle, actions)]
            done += [f"{step.value} {event}" for row in rows if actions.once for event in row.events]
        if any(rows for _, _, rows in asking):
            states.append(STATE.format(kind=lifecycle.kind, table=lifecycle.table))
    asking_steps = ",".join(sorted(step.value for step in ASKED_ACTIONS))
    query = REQUESTED_ACTIONS.format(asking=asking_steps, states=" ".join(states), most=MOST_CHECKED)
    return query, {"open": open_in, "done": done}


@lru_cache(maxsize=8)
def to_confirm(lifecycles: tuple[Lifecycle[Any], ...]) -> str:
    """Return the SQL of a requester's records that wait for them to confirm the solution."""
    parts = [
        TO_CONFIRM.format(
            kind=lifecycle.kind,
            table=lifecycle.table,
            states=", ".join(f"'{state}'" for state in _states(lifecycle, CONFIRMING)),
            most=MOST_LISTED,
        )
        for lifecycle in lifecycles
        for name in CONFIRMING.names
        if name in lifecycle.by_name and Relation.reporter in lifecycle[name].policy.relations
    ]
    return " union all ".join(parts)


def _states(lifecycle: Lifecycle[Any], actions: AskedActions) -> list[str]:
    """Return the states in which one of the actions is open."""
    rows = _rows(lifecycle, actions)
    return [state.value for state in lifecycle.states if any(row.is_open_in(state) for row in rows)]


def _rows(lifecycle: Lifecycle[Any], actions: AskedActions) -> list[Action[Any, Any]]:
    return [lifecycle[name] for name in actions.names if name in lifecycle.by_name]


async def _records(
    ledger: Ledger, caller: Caller, rows: Sequence[Mapping[str, Any]]
) -> dict[str, VersionedRecord[Any]]:
    """Return the records that the caller may see, by their streams: one statement for each kind."""
    kinds: dict[str, set[UUID]] = {}
    for row in rows:
        kinds.setdefault(kind_of(row["about"]), set()).add(id_of(row["about"]))
    records = {}
    for kind, ids in kinds.items():
        lifecycle = ledger.lifecycles[kind]
        for record_id, loaded in (await load_many(ledger.db, lifecycle, ids)).items():
            if is_visible(ledger, lifecycle, caller, loaded.audience):
                records[f"{kind}/{record_id}"] = loaded
    return records


async def _open_action(
    ledger: Ledger, context: CommandMetadata, row: Mapping[str, Any], loaded: VersionedRecord[Any]
) -> dict[str, Any] | None:
    """Return the first of the actions asked for that is open to the caller now."""
    lifecycle = ledger.lifecycles[kind_of(row["about"])]
    actions = CONFIRMING if row["step"] is None else ASKED_ACTIONS[NoticeType(row["step"])]
    if actions.only is not None and not getattr(loaded.record, actions.only):
        return None
    if row["step"] == NoticeType.duties_held:
        own = [ledger.lifecycles[kind] for kind in managed_kinds(context.caller)]
        if not await duties_of(ledger.db.rows, own, loaded.record.id, reader=context.caller):
            return None
    names = actions.names
    if actions.chosen_by is not None:
        names = getattr(loaded.record, actions.chosen_by)
    offered = await offers(ledger, lifecycle, loaded, context, among=names)
    for offer in sorted(offered, key=lambda offer: names.index(offer.action.name)):
        if offer.because is None:
            return {
                "kind": lifecycle.kind,
                "record": loaded.record.id,
                "number": row["number"],
                "title": getattr(loaded.record, "title", None),
                "action": offer.action.name,
                "label": offer.action.label(context.language),
                "asked_at": instant(row["sent_at"]),
                "due_at": _due_at(row, loaded.record, actions),
            }
    return None


def _due_at(row: Mapping[str, Any], record: Any, actions: AskedActions) -> str | None:
    """Return the time until which the action is asked: that of the record, or else the agreed target or the
    usual time, as the notice gives it. None: nobody set a time to confirm a solution.
    """
    due_at = getattr(record, actions.due, None) or row["target_at"]
    if due_at is None and row["occurred_at"] is not None:
        due_at = row["occurred_at"] + USUAL_TIME
    return None if due_at is None else instant(due_at)
