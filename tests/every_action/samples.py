"""A valid body for every action, by its class. Written by hand: what people really say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from app.common.people import rule_caller
from app.foundation.checklists.checklists import AddChecklist, EditChecklist
from app.foundation.cis.payloads import UnrelateCi
from app.foundation.costs.hourly_rates import AddHourlyRate
from app.foundation.decisions.payloads import (
    CastVote,
    CloseVote,
    DeputiseVote,
    RecountVotes,
    RecuseVoter,
    RemindVoters,
    Tallied,
    WithdrawDecision,
)
from app.foundation.people.groups import RemoveMemberGroup
from app.foundation.people.keys import RotateKey
from app.kernel.actions.payloads import EmptyPayload, Payload, Reason
from app.kpis.reconciliations.lifecycle import MakeReconciliation
from app.notifications.lifecycle import FailNotice, SendNotice
from app.processes.incidents.monitoring.alerts import ClearAlertIncident, RepeatAlertIncident
from app.processes.incidents.payloads import (
    ContainIncident,
    DeclareMajorIncident,
    EditIncident,
    MarkDuplicateIncident,
    PassOnAttachmentIncident,
    PassOnCommentIncident,
    PostUpdateIncident,
    PrioritiseIncident,
    RemindIncident,
    ReportIncident,
    ResolveIncident,
    RestrictCommentIncident,
    ReviewIncident,
    TellProgressIncident,
)
from app.registry import LIFECYCLES
from app.ticketing.attachments import AttachTicket, WithdrawAttachment
from app.ticketing.comments import CommentTicket, CorrectComment, WithdrawComment
from app.ticketing.followers import FollowTicket, UnfollowTicket
from app.ticketing.links import LinkTicket, UnlinkTicket
from app.ticketing.priority import PrioritiseTicket
from app.ticketing.tags import UntagTicket
from app.ticketing.work.assignment import AssignTicket, EscalateTicket
from app.ticketing.work.costs import ReverseCost, ReverseWork
from app.ticketing.work.tasks import ApplyChecklist, CompleteTask, DropTask, EditTask, FlagTask
from app.webhooks.sources.lifecycle import (
    AddWebhookSource,
    EditWebhookSource,
    NoteSilence,
    RotateWebhookSource,
)
from tests.client import RESOLVED, Client, Json, an_incident
from tests.clocks import from_now
from tests.every_action import (
    agreements,
    alterations,
    articles,
    audits,
    catalogue,
    changes,
    discoveries,
    documents,
    foundations,
    freezes,
    improvement_assessments,
    improvement_plans,
    improvement_suggestions,
    improvements,
    kpis,
    meetings,
    problems,
    process_definitions,
    provisioning,
    quality,
    recognitions,
    releases,
    requests,
    risks,
    rollouts,
    scorecards,
    service_levels,
    service_reports,
    subscriptions,
    surveys,
    trainings,
    verifications,
)
from tests.every_action.own_work import judges_others_work
from tests.every_action.world_data import IDS, NOBODYS, NUMBERS, TEAM, another_incident
from tests.people import act

#: When a task is due that a rule flags, which comes a little later.
SOON = timedelta(hours=1)
_TWO_DAYS_AGO = datetime.now(timezone(timedelta(hours=8))).replace(microsecond=0) - timedelta(days=2)
#: When an outage began, which was not long before it was reported, and ended.
BEGAN_AT, RESTORED_AT = _TWO_DAYS_AGO.isoformat(), (_TWO_DAYS_AGO + timedelta(hours=1)).isoformat()

#: As the API takes them; of what may be left out, as much as has no condition.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    **agreements.SAMPLES,
    **service_reports.SAMPLES,
    **articles.SAMPLES,
    **audits.SAMPLES,
    **catalogue.SAMPLES,
    **changes.SAMPLES,
    **discoveries.SAMPLES,
    **documents.SAMPLES,
    **foundations.SAMPLES,
    **freezes.SAMPLES,
    **improvement_suggestions.SAMPLES,
    **improvement_assessments.SAMPLES,
    **improvement_plans.SAMPLES,
    **improvements.SAMPLES,
    **rollouts.SAMPLES,
    **kpis.SAMPLES,
    **verifications.SAMPLES,
    **quality.SAMPLES,
    **releases.SAMPLES,
    **trainings.SAMPLES,
    **process_definitions.SAMPLES,
    **provisioning.SAMPLES,
    **recognitions.SAMPLES,
    **risks.SAMPLES,
    **scorecards.SAMPLES,
    **subscriptions.SAMPLES,
    **surveys.SAMPLES,
    EmptyPayload: dict,
    Reason: lambda: {"reason": "It was the wrong door."},
    SendNotice: lambda: {
        "person": IDS["person"],
        "ticket": IDS["incident"],
        "steps": ["received"],
        "versions": [1],
        "way": "in_app",
    },
    FailNotice: lambda: {"failure": "refused"},
    AddWebhookSource: lambda: {
        "key": f"tool-{next(NUMBERS)}",
        "title": "The tool of the web shop",
        "adapter": "generic",
        "owner": "me",
        "team": TEAM,
        "service": "mail",
        "category": "e-mail",
        "impact": "2",
        "urgency": "2",
        "effect": "degraded",
        "zone": "Asia/Shanghai",
        "user_name": "tool",
    },
    EditWebhookSource: lambda: {"title": "Another tool", "service": "mail", "category": "e-mail"},
    RotateWebhookSource: lambda: {"overlap_seconds": 3600},
    NoteSilence: lambda: {"since_at": "2026-01-01T08:00:00+08:00"},
    RotateKey: lambda: {"overlap_seconds": 3600, "expires_at": "2198-01-01T00:00:00Z"},
    ReportIncident: lambda: an_incident(
        began_at=BEGAN_AT,
        service="mail",
        ci="mx-1",
        category="e-mail",
        custom={"room": "B 2.017", "visitors": 12},
    ),
    ResolveIncident: lambda: {**RESOLVED, "cause": "A full disk."},
    ContainIncident: lambda: {
        "measure": "The relay is switched off.",
        "service_restored_at": RESTORED_AT,
    },
    DeclareMajorIncident: lambda: {"commander": "me", "statement": "Mail is down. 邮件中断。"},
    PostUpdateIncident: lambda: {"statement": "It is being repaired.", "next_update_due_at": from_now(5)},
    ReviewIncident: lambda: {
        "timeline": [{"happened_at": BEGAN_AT, "text": "The disk was full. 磁盘已满。"}],
        "causes": "Nobody looked.",
        "went_well": "It was found at once.",
        "went_badly": "Nobody was told.",
        "actions": [{"title": "Watch the disk", "owner": "me", "due_at": "2199-01-01T00:00:00Z"}],
    },
    ClearAlertIncident: lambda: {"title": "Disk full on mx-1", "cleared_at": RESTORED_AT},
    RepeatAlertIncident: lambda: {"title": "Disk full on mx-1", "alerted_at": "2026-01-01T08:00:00+08:00"},
    MarkDuplicateIncident: lambda: {"original": IDS["incident"]},
    PassOnCommentIncident: lambda: {
        "number": "INC-2026-000123",
        "author": IDS["person"],
        "text": "Any news? 有进展吗？",
        "folded": "> Please wait. 请稍候。",
        "text_key": IDS["text_key"],
    },
    PassOnAttachmentIncident: lambda: {
        "number": "INC-2026-000123",
        "author": IDS["person"],
        "name": "屏幕 screen.png",
        "content": NOBODYS,
        "media_type": "image/png",
        "size": 3,
        "sha256": "ab" * 32,
        "visibility": "public",
        "text_key": IDS["text_key"],
    },
    TellProgressIncident: lambda: {"progress": "acknowledged"},
    RemindIncident: lambda: {"persons": [IDS["person"]]},
    **problems.SAMPLES,
    **alterations.SAMPLES,
    **service_levels.SAMPLES,
    **meetings.SAMPLES,
    AssignTicket: lambda: {"team": TEAM},
    CorrectComment: lambda: {"comment": NOBODYS, "text": "Any news of it?"},
    WithdrawComment: lambda: {"comment": NOBODYS},
    RestrictCommentIncident: lambda: {"comment": NOBODYS},
    AttachTicket: lambda: {"upload": NOBODYS, "name": "屏幕 screen.png", "visibility": "public"},
    WithdrawAttachment: lambda: {"attachment": NOBODYS},
    FollowTicket: dict,
    UnfollowTicket: dict,
    EditIncident: lambda: {
        "title": "Mail is lost",
        "description": "What was sent since nine has not come. 邮件丢失。",
    },
    EscalateTicket: lambda: {"person": "me", "reason": "It takes longer than it may."},
    PrioritiseIncident: lambda: {
        "impact": "1",
        "urgency": "1",
        "priority": "P2",
        "effect": "down",
        "reason": "It is pay day.",
    },
    AddChecklist: lambda: {
        "key": f"new-mailbox-{next(NUMBERS)}",
        "process": "incident",
        "title_en": "A new mailbox",
        "title_zh": "新建邮箱",
        "items": [{"title_en": "Make the account", "title_zh": "创建账户"}],
    },
    EditChecklist: lambda: {
        "title_en": "Another mailbox",
        "title_zh": "另一个邮箱",
        "items": [{"title_en": "Look for the account", "title_zh": "查找账户"}],
    },
    ApplyChecklist: lambda: {"checklist": NOBODYS},
    EditTask: lambda: {"task": NOBODYS, "title": "Order two relays", "due_at": "2199-01-01T00:00:00Z"},
    DropTask: lambda: {"task": NOBODYS, "reason": "The old one works again."},
    PrioritiseTicket: lambda: {"impact": "1", "urgency": "1", "priority": "P2", "reason": "It is pay day."},
    FlagTask: lambda: {"task": NOBODYS, "persons": [IDS["person"]]},
    CompleteTask: lambda: {"task": NOBODYS, "outcome": "It is ordered."},
    UntagTicket: lambda: {"tag": "printer"},
    LinkTicket: lambda: {"kind": "caused_by", "other": NOBODYS},
    UnlinkTicket: lambda: {"link": NOBODYS},
    MakeReconciliation: lambda: {
        "day": str(date(2030, 1, 1) + timedelta(days=next(NUMBERS))),
        "zone": "Asia/Shanghai",
        "position": 4711,
        "compared": 1000,
        "differences": 1,
        "differing": ["backlog/value"],
        "seconds": 12,
    },
    AddHourlyRate: lambda: {
        "role_class": f"engineer-{next(NUMBERS)}",
        "amount": "480.00",
        "currency": "CNY",
        "valid_from_at": "2026-01-01T00:00:00+08:00",
    },
    ReverseWork: lambda: {"work": NOBODYS, "reason": "It was another ticket."},
    ReverseCost: lambda: {"cost": NOBODYS, "reason": "It was another ticket."},
    CommentTicket: lambda: {"text": "Any news? 有进展吗？", "visibility": "public"},
    **requests.SAMPLES,
    CastVote: lambda: {"decision": NOBODYS, "verdict": "approve", "comment": "Go on. 同意。"},
    CloseVote: lambda: {"decision": NOBODYS},
    DeputiseVote: lambda: {"decision": NOBODYS},
    RecuseVoter: lambda: {"decision": NOBODYS, "reason": "I am to carry it out. 由我执行。"},
    RecountVotes: lambda: {"decision": NOBODYS},
    RemindVoters: lambda: {"decision": NOBODYS},
    WithdrawDecision: lambda: {"decision": NOBODYS, "reason": "It has been settled otherwise."},
    Tallied: lambda: {
        "decision": NOBODYS,
        "outcome": "approved",
        "voters": 3,
        "approvals": 2,
        "rejections": 0,
        "deferrals": 0,
        "abstentions": 1,
    },
}
#: Where an action leads to several states, what is said besides to be led to one of them.
TOWARDS: dict[tuple[type[Payload], str], Json] = (
    requests.TOWARDS | releases.TOWARDS | audits.TOWARDS | scorecards.TOWARDS
)


#: On the way to a state, who does it if not whoever does the rest, and what each of them says besides.
ACTED_BY: dict[tuple[str, str], tuple[tuple[str, Json], ...]] = {
    ("propose_solution", "solution_review"): (("author", {}),),
    ("review_solution", "solution_approved"): (("it", {"side": "it"}), ("business", {"side": "business"})),
    **audits.ACTED_BY,
    **scorecards.ACTED_BY,
    **changes.ACTED_BY,
    **agreements.ACTED_BY,
    **improvements.ACTED_BY,
}
#: What is said when it is opened, so that it can come to a state, or an action be carried out.
OPENED_TOWARDS: dict[tuple[str, str], Callable[[], Json]] = {
    ("request", "awaiting_approval"): lambda: {
        "item": IDS["item"],
        "answers": {"size": "13", "why": "出差用"},
        "requester": IDS["author"],
    },
    **audits.OPENED_TOWARDS,
    **scorecards.OPENED_TOWARDS,
    **improvement_assessments.OPENED_TOWARDS,
    **rollouts.OPENED_TOWARDS,
    **meetings.OPENED_TOWARDS,
    **changes.OPENED_TOWARDS,
}
#: The states in which there can be what the action names, as a new record gets there.
ONLY_IN: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("assign_complaint", "merge_complaint", "escalate_complaint", "answer_complaint"),
        frozenset({"resolved", "delivered", "closed"}),
    ),
    **(requests.ONLY_IN | agreements.ONLY_IN),
    **audits.ONLY_IN,
    **meetings.ONLY_IN,
    **changes.ONLY_IN,
    **documents.ONLY_IN,
    **freezes.ONLY_IN,
    **releases.ONLY_IN,
    **improvement_plans.ONLY_IN,
    **process_definitions.ONLY_IN,
    **improvements.ONLY_IN,
    **rollouts.ONLY_IN,
    **alterations.ONLY_IN,
}

#: What nobody does with what is their own: another one carries these out.
NOT_THEIR_OWN = (
    improvement_plans.NOT_THEIR_OWN
    | documents.NOT_THEIR_OWN
    | freezes.NOT_THEIR_OWN
    | audits.NOT_THEIR_OWN
    | quality.NOT_THEIR_OWN
    | risks.NOT_THEIR_OWN
    | scorecards.NOT_THEIR_OWN
    | {"publish", "change_visibility", "approve", "quality_target.accept", "process_change.review"}
    | {"verification.settle_difference"}
)
#: What names other records, and in its sample none.
NAMES_NONE = (
    agreements.NAMES_NONE
    | improvement_assessments.NAMES_NONE
    | {"raise", "begin_fix", "change_fix", "draft", "publish", "rotate", "revoke"}
)

#: What cannot be carried out where all else that leaves a record in its state was carried out before.
NOT_SHARED = (
    releases.NOT_SHARED
    | changes.NOT_SHARED
    | freezes.NOT_SHARED
    | documents.NOT_SHARED
    | agreements.NOT_SHARED
    | service_reports.NOT_SHARED
    | discoveries.NOT_SHARED
    | trainings.NOT_SHARED
    | process_definitions.NOT_SHARED
    | surveys.NOT_SHARED
    | improvement_plans.NOT_SHARED
    | improvements.NOT_SHARED
    | rollouts.NOT_SHARED
    | risks.NOT_SHARED
    | verifications.NOT_SHARED
    | {
        *(
            "follow",
            "complete_task",
            "flag_task",
            "drop_task",
            "unrelate",
            "remove_member",
            "end_series",
            "vote",
        )
    }
)

#: What must have been done with a new record, so that the row can be carried out in its states.
PREREQUISITES: dict[str, tuple[str, ...]] = {
    **documents.PREREQUISITES,
    **(freezes.PREREQUISITES | changes.PREREQUISITES),
    **subscriptions.PREREQUISITES,
    "downgrade": ("declare_major",),
    "review": ("declare_major",),
    "note_return": ("note_silence",),
    "clear_failure": ("note_failure",),
    "confirm": ("suspend",),
    **dict.fromkeys(("complete_task", "edit_task", "flag_task", "drop_task"), ("add_task",)),
}


def is_for_another(kind: str, action: str) -> bool:
    """Whether nobody carries the action out on what is their own, of that kind or of any."""
    is_listed = not NOT_THEIR_OWN.isdisjoint({action, f"{kind}.{action}"})
    return is_listed or judges_others_work(kind, action, of_tickets=False)


def sample(row: Any) -> Json:
    """A valid body for the row, as the API takes it: ours, or of the examples that its fields give."""
    body: type[Payload] = row.body
    if body in SAMPLES:
        return SAMPLES[body]()
    examples = {name: field.examples[0] for name, field in body.model_fields.items() if field.examples}
    needed = {name for name, field in body.model_fields.items() if field.is_required()}
    missing = ", ".join(sorted(needed - examples.keys()))
    assert not missing, (
        f"{body.__name__} needs {missing}: give the field examples, or the body a line in SAMPLES"
    )
    return examples


async def _commented(client: Client, path: str) -> Json:
    await client.post_ok(f"{path}/comment", {"text": "Any knews?"})
    return {"comment": await _newest(client, path, "comment")}


async def _followed(client: Client, path: str) -> Json:
    answer = await client.post(f"{path}/follow", json={})
    assert answer.status_code == 200 or answer.json()["code"] == "follows_already", answer.text
    return {}


async def _tagged(client: Client, path: str) -> Json:
    await client.post_ok(f"{path}/tag", {"tag": "printer"})
    return {}


async def _sent(client: Client, path: str) -> Json:
    answer = await client.put(f"/v1/uploads/{uuid4()}", content=b"What the screen said.")
    assert answer.status_code == 200, answer.text
    return {"upload": answer.json()["id"]}


async def _attached(client: Client, path: str) -> Json:
    sent = await _sent(client, path)
    await client.post_ok(f"{path}/attach", sent | {"name": "screen.png"})
    return {"attachment": sent["upload"]}


async def _linked(client: Client, path: str) -> Json:
    await client.post_ok(f"{path}/link", {"kind": "blocks", **await another_incident(client, path)})
    (row,) = (await client.pages(f"{path}/events", limit=200))[-1][-1]["set"].values()
    return {"link": row["link_id"]}


async def _task(client: Client, path: str) -> Json:
    tasks = (await client.read(f"{path}/tasks"))["items"]
    left = [task for task in tasks if task["completed_at"] is None is task["dropped_at"]]
    if not left:
        await client.post_ok(f"{path}/add_task", {"title": "Order another relay"})
        return await _task(client, path)
    return {"task": left[-1]["id"]}


async def _task_of_today(client: Client, path: str) -> Json:
    """A task that is due soon, and not flagged yet."""
    named = await _task(client, path)
    await client.post_ok(f"{path}/edit_task", named | {"due_at": (datetime.now(UTC) + SOON).isoformat()})
    return named


def _kind(path: str) -> str:
    """Of which kind the record at that address is."""
    plural = path.removeprefix("/v1/").partition("/")[0]
    (kind,) = [lifecycle.kind for lifecycle in LIFECYCLES if lifecycle.plural == plural]
    return kind


async def _checklist(client: Client, path: str) -> Json:
    body = AddChecklist.model_validate(SAMPLES[AddChecklist]() | {"process": _kind(path)})
    await act(client.app.state.ledger, rule_caller("tests"), "checklist", "add", body=body)
    return {"checklist": body.key}


async def _logged(client: Client, path: str) -> Json:
    await client.post_ok(f"{path}/log_work", {"minutes": 90, "role_class": "engineer"})
    return {"work": await _newest(client, path, "work")}


async def _booked(client: Client, path: str) -> Json:
    await client.post_ok(f"{path}/book_cost", {"amount": "1250.00", "currency": "CNY", "purpose": "A relay."})
    return {"cost": await _newest(client, path, "cost")}


async def _newest(client: Client, path: str, kind: str) -> str:
    """The id of the row of that kind that the last event of the record at that address has made."""
    (key,) = (await client.pages(f"{path}/events", limit=200))[-1][-1]["set"]
    assert key.startswith(f"{kind}/")
    return str(key.partition("/")[2])


async def _with_a_member(client: Client, path: str) -> Json:
    await client.post_ok(f"{path}/add_member", {"person": "me", "side": "operations"})
    return {"person": "me"}


async def _related(client: Client, path: str) -> Json:
    answer = await client.post(f"{path}/relate", json={"kind": "runs_on", "other": IDS["ci"]})
    # Two fields of one action are tried on one record, which is related then.
    assert answer.status_code in (200, 201) or "there_already" in answer.text, answer.text
    return {}


#: By kind, how a question comes to be put; on other records as at a meeting.
QUESTIONS = {
    "change": changes.open_question,
    "freeze": freezes.open_question,
    "change_template": freezes.template_question,
    "improvement": improvements.open_question,
    "release": releases.open_question,
    "improvement_plan": improvement_plans.open_question,
    "document": improvement_plans.open_question,
    "process_change": process_definitions.open_question,
}


async def _asked(client: Client, path: str) -> Json:
    """A question that waits for the client's vote."""
    return await QUESTIONS.get(_kind(path), meetings.open_question)(client, path)


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    **(articles.PREPARED | audits.PREPARED),
    AttachTicket: _sent,
    WithdrawAttachment: _attached,
    CorrectComment: _commented,
    WithdrawComment: _commented,
    RestrictCommentIncident: _commented,
    UnfollowTicket: _followed,
    RemoveMemberGroup: _with_a_member,
    UntagTicket: _tagged,
    UnrelateCi: _related,
    **verifications.PREPARED,
    CompleteTask: _task,
    EditTask: _task,
    DropTask: _task,
    FlagTask: _task_of_today,
    ApplyChecklist: _checklist,
    LinkTicket: another_incident,
    **problems.PREPARED,
    **meetings.PREPARED,
    UnlinkTicket: _linked,
    ReverseWork: _logged,
    ReverseCost: _booked,
    **service_levels.PREPARED,
    **requests.PREPARED,
    **freezes.PREPARED,
    **releases.PREPARED,
    **changes.PREPARED,
    **discoveries.PREPARED,
    **documents.PREPARED,
    **foundations.PREPARED,
    CastVote: _asked,
    **alterations.PREPARED,
    **agreements.PREPARED,
    **service_reports.PREPARED,
    **improvement_suggestions.PREPARED,
    **improvement_assessments.PREPARED,
    **improvement_plans.PREPARED,
    **improvements.PREPARED,
    **rollouts.PREPARED,
    **trainings.PREPARED,
    **process_definitions.PREPARED,
    **provisioning.PREPARED,
    **quality.PREPARED,
    **risks.PREPARED,
    **scorecards.PREPARED,
    **surveys.PREPARED,
}
#: By action, what must be there before it.
PREPARED_FOR_ROW = documents.PREPARED_FOR_ROW | improvements.PREPARED_FOR_ROW


async def valid_body(client: Client, row: Any, path: str) -> Json:
    """A valid body for the row on the record at that address, as the client can say it there now."""
    prepare = PREPARED_FOR_ROW.get(row.name) or PREPARED.get(row.body)
    return sample(row) if prepare is None else {**sample(row), **await prepare(client, path)}
