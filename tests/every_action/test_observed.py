"""Rules and notices react to what a tool reports of its ticket as they do to the action that sets the same.

Each action is performed; then a tool reports the same change, which is observed in its place. What the worker
makes of both events, as everything stands then, is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from app.automation.tickets.assign_by_rule import AssignByRule
from app.common.people import Caller
from app.common.personal import Ciphertext
from app.common.records import codecs, empty
from app.common.times.clocks import ClockEventType
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.histories.history import fold
from app.kernel.histories.history_source import EventOrigin, HistorySource
from app.kernel.histories.imported_case import ImportedCase, ciphertexts, replay_case
from app.kernel.histories.observe import Snapshot, observe
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.notifications.responsible import responsibility_marks
from app.notifications.steps import pending_notices
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident
from app.registry import LIFECYCLES
from app.worker import RULES
from tests.client import Json
from tests.clocks import append_clock_event
from tests.every_action.folding import events_of
from tests.every_action.samples import sample, valid_body
from tests.every_action.world import (
    OF_RULES,
    World,
    address,
    of_decisions,
    possible_states,
    record_address,
    send,
)
from tests.every_action.world_data import IDS, TEAM
from tests.people import add_person
from tests.webhooks.tools import clock

#: What tools can mirror here (app/webhooks/effects/mirror.py), and its actions.
MIRRORED: Lifecycle[Any] = LIFECYCLE
ACTIONS = {row.name: row for row in MIRRORED.rows if not of_decisions(row)}
#: Actions whose events are told otherwise, and that cannot be brought about by observation, by why not.
NOT_OBSERVED = {
    "it stands beside the ticket, and no snapshot has it; a tool's comments are actions": """
        comment correct_comment attach link rate ask_rating complain
        assign_complaint merge_complaint escalate_complaint answer_complaint""",
    "a rule of ours does it, to a ticket as it is here": "remind escalate tell_resolved "
    "pass_on_comment pass_on_attachment restrict_comment tell_progress flag_review flag_task flag_update",
    "no tool's ticket says which ticket of ours it repeats": "mark_duplicate",
    "a meeting of ours, and the tasks that come of it": "review",
}
EXCEPTIONS = {name for names in NOT_OBSERVED.values() for name in names.split()}
#: Rules that hear of nothing that tools can mirror, by why.
NOT_MIRRORED = {
    "problems and their articles": "keep_articles_of_problems follow_fixing_changes",
    "changes, and meetings on them": "tell_overlapped_changes take_up_at_meetings resume_after_change",
    "requests and their changes": "fulfil_by_changes",
    "votes, their deputies, and people who leave": """
        deputise_voters recount_votes void_people_questions report_team_work hand_over_duties""",
    "groups of the identity provider": "follow_group_mappings",
    "acceptance groups, and what waits for them": "ask_new_members report_group_uses",
    "the improvement programme": "suggest_after_missed_targets suggest_after_declined_candidates "
    "suggest_after_kpi_signals suggest_after_faded_benefits void_reviews list_newcomers",
    "agreements on service levels": "watch_supports",
    "our own clocks, which measure what tools report": "escalate_by_sla",
    "risks, audits, surveys and scorecards": "restate_risks award_audit_points burn_survey_boxes ask_raters "
    "pass_on_scorecards",
}
#: Rules that only follow what other rules of ours did, or report what people who have left still hold.
OF_OUR_RULES = frozenset({"separate_customers", "report_duties"})
#: Bodies that change more than the sample does.
SAID: dict[str, Callable[[], Json]] = {
    "assign": lambda: {"team": TEAM, "person": IDS["person"]},
    "edit": lambda: {"title": "Another", "category": "spare"},
}
OF_STATES = frozenset({"state", "state_since", "opened_at"})
MARKS = responsibility_marks(LIFECYCLES)
CHANNEL = "webhook:desk"


@dataclass(frozen=True)
class Reaction:
    """Who is to be told what of some events, and what each rule does because of them."""

    notices: frozenset[Hashable]
    consequences: Mapping[str, Sequence[Hashable]]


@dataclass(frozen=True)
class Twins:
    """An action's event, and the events by which its change is observed, each with what comes of it."""

    done: Recorded
    told: Sequence[Recorded]
    of_action: Reaction
    of_tool: Reaction


@pytest.fixture(scope="module")
async def twins(world: World) -> dict[str, Twins]:
    """Those of each action, by its name; every requester is asked what they think, and one user who reports
    an interruption confirms it.
    """
    ledger = world.api.ledger
    changed = {"rating_percent": 100, "outage_reporters": 1}
    ledger.settings = ledger.settings.model_copy(update=changed)
    by_name = {}
    for name, row in ACTIONS.items():
        record = await performed(world, row)
        *before, done = await events_of(world, MIRRORED, record)
        texts = await world.api.ledger.vault.texts(
            Ciphertext(ciphertext) for ciphertext in ciphertexts([*before, done])
        )
        observed_events = observed(before, done, texts)
        reactions = [await reaction(world.api.ledger, events) for events in ([done], observed_events)]
        by_name[name] = Twins(done, observed_events, *reactions)
    return by_name


async def performed(world: World, row: Action[Any, Any]) -> Json:
    """A ticket with a duplicate, and with a target missed, on which the action was performed just now; a user
    who is not staff reports it.
    """
    everybody = world.everybody
    if row.opens:
        return await world.requester.post_ok(address(MIRRORED, row, None), sample(row))
    state, more = possible_states(MIRRORED, row)[0], {}
    if row.name == "close":
        # Staff are not asked what they think, nor is anybody twice a week.
        more = {"requester": str((await add_person(world.api.ledger, "Never asked")).id)}
    record = await world.make_record(MIRRORED, state, row, more)
    await append_clock_event(world.api.ledger, f"{MIRRORED.kind}/{record['id']}", ClockEventType.breached)
    if (MIRRORED, row) in OF_RULES:
        await world.by_rule(MIRRORED, row, record)
        return record
    opening = MIRRORED.opening()
    other = await everybody.post_ok(address(MIRRORED, opening, None), sample(opening))
    await everybody.post_ok(f"{record_address(MIRRORED, other)}/mark_duplicate", {"original": record["id"]})
    if row.name in SAID:
        body = SAID[row.name]()
    else:
        body = await valid_body(everybody, row, record_address(MIRRORED, record))
    answer = await send(everybody, MIRRORED, row, record, body)
    assert answer.status_code == 200, answer.text
    return record


def observed(before: Sequence[Recorded], done: Recorded, texts: Mapping[str, str | None]) -> list[Recorded]:
    """The events by which a tool's report of the change is recorded, in place of the action's event."""
    fields_of_incident = codecs(Incident)
    source: HistorySource[Any] = HistorySource(
        "desk",
        MIRRORED,
        columns={name: name for name in fields_of_incident},
        with_state={},
        time_columns=frozenset(),
        repeats=False,
        origin=EventOrigin(CHANNEL, Caller(f"integration:{UUID(int=7)}", None)),
    )
    if before:
        case = replay_case(source, before, texts)
    else:
        case = ImportedCase(source, empty(Incident, id_of(done.stream)))
    after: Any = fold(Incident, done.stream, [*before, done])
    values = {
        name: getattr(after, name) for name in done.set_fields.keys() & fields_of_incident.keys() - OF_STATES
    }
    words = {
        name: texts[value] for name, value in values.items() if value and fields_of_incident[name].personal
    }
    fields = {name: value for name, value in values.items() if name not in words}
    # The tool's columns have the names of our payloads' fields, and hold something else.
    blanks: dict[str, str | None] = dict.fromkeys(
        (*done.payload, "person", "text", "reason"), "a column of the tool"
    )
    snapshot = Snapshot(
        done.occurred_at, after.opened_at, after.state, fields, words, blanks, {}, actor=done.actor
    )
    encrypted = {text: Ciphertext(ciphertext) for ciphertext, text in texts.items()}
    return [
        replace(done, type=event.type, version=event.version, source=CHANNEL, data=event.data)
        for event in observe(case, snapshot, encrypted.__getitem__)
    ]


async def reaction(ledger: Ledger, events: Sequence[Recorded]) -> Reaction:
    """What the worker makes of the events, as everything stands now. Nothing is carried out."""
    notices = [each for event in events for each in pending_notices(event, MARKS)]
    consequences: dict[str, Sequence[Hashable]] = {}
    async with ledger.db.connection() as connection:
        for rule in RULES:
            types = rule.consumer(ledger, clock).types
            heard = [event for event in events if types is None or event.type in types]
            if isinstance(rule, AssignByRule):
                # It asks the event for its ticket only.
                consequences[rule.name] = [event.stream for event in heard if not event.is_past]
                continue
            heard = [event for event in heard if rule._reacts_to(event)]
            if rule.preselect is not None and heard:
                heard = list(await rule.preselect(ledger, connection, heard))
            consequences[rule.name] = [
                (
                    command.kind,
                    command.action,
                    command.record_id,
                    command.body.model_dump_json(),
                    command.if_match,
                )
                for event in heard
                async for command in rule.follow(ledger, event)
            ]
    return Reaction(
        frozenset((notice.step, notice.recipient, notice.decision_id, notice.actor_id) for notice in notices),
        {name: each for name, each in consequences.items() if each},
    )


@pytest.mark.parametrize("name", sorted(ACTIONS.keys() - EXCEPTIONS))
async def test_what_a_tool_reports_is_followed_as_the_action_is(twins: dict[str, Twins], name: str) -> None:
    pair = twins[name]
    assert all(event.is_observed for event in pair.told)
    assert pair.of_tool == pair.of_action


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
async def test_what_is_said_not_to_be_observed_is_not(twins: dict[str, Twins], name: str) -> None:
    pair = twins[name]
    assert pair.of_tool != pair.of_action or not pair.done.set_fields, "take it off the list"


async def test_every_rule_follows_what_tools_report_or_hears_of_nothing_that_they_can(
    world: World, twins: dict[str, Twins]
) -> None:
    followed = {name for each in twins.values() for name in each.of_tool.consequences}
    excepted = {event for name in EXCEPTIONS for event in ACTIONS[name].events}
    of_others = set()
    for rule in RULES:
        types = rule.consumer(world.api.ledger, clock).types or frozenset()
        heard = types & MIRRORED.event_types
        if not heard:
            of_others.add(rule.name)
        elif heard - excepted and rule.name not in OF_OUR_RULES:
            assert rule.name in followed, "bring it about by an action above"
    assert of_others == {name for names in NOT_MIRRORED.values() for name in names.split()}
