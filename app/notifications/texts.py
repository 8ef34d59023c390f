"""Texts of notices in their reader's language: a sentence for each step, with details of its event and the
requested act of the reader.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.api.pages.page_paths import record_page
from app.common.notices import NoticeKind, NoticeType
from app.common.people import Caller
from app.common.records import Record, codecs
from app.common.tickets import HoldReason
from app.common.times.clocks import AgreementType, ClockMetric
from app.i18n import sentences, translate
from app.i18n.kind_nouns import noun
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of
from app.notifications.details import StepDetails, StepKey
from app.notifications.quoted import (
    AGREEMENT_STEPS,
    CLOCK_STEPS,
    REOPENED_STEPS,
    EventPayloads,
    add_quoted,
    duration,
    moment,
)
from app.ticketing.change_endings import ChangeEnding

#: By step, the field of its event's payload that holds the code of the reason which its sentence names.
REASON_FIELDS = {NoticeType.held: "reason", NoticeType.change_ended: "outcome"}
#: The field of a row that holds the same after an observed event, whose payload is not ours.
OBSERVED_FIELDS = {NoticeType.held: "hold_reason"}
#: The sentences that differ from the step's own for records of a kind.
KIND_SENTENCES = {
    ("problem", NoticeType.resolved): "problem_resolved",
    ("change", NoticeType.delivered): "change_implemented",
    ("improvement", NoticeType.delivered): "improvement_implemented",
    ("improvement", NoticeType.updated): "improvement_updated",
    ("improvement", NoticeType.to_accept): "handover_to_accept",
    ("improvement_assessment", NoticeType.assessment_overdue): "assessment_voided",
    ("request", NoticeType.updated): "acceptance_failed",
    ("release", NoticeType.to_review): "release_to_review",
    ("meeting", NoticeType.in_charge): "meeting_in_charge",
    ("freeze", NoticeType.in_charge): "freeze_in_charge",
    ("sla", NoticeType.in_charge): "sla_in_charge",
    ("sla", NoticeType.relieved): "sla_relieved",
    ("service_level_plan", NoticeType.in_charge): "plan_in_charge",
    ("improvement_plan", NoticeType.in_charge): "plan_in_charge",
    ("training", NoticeType.in_charge): "training_in_charge",
    ("quality_assessment", NoticeType.in_charge): "quality_assessment_in_charge",
    ("finding", NoticeType.in_charge): "finding_in_charge",
    ("corrective_action", NoticeType.in_charge): "correction_in_charge",
    ("risk", NoticeType.in_charge): "risk_in_charge",
    ("freeze", NoticeType.to_vote): "freeze_to_vote",
    ("freeze", NoticeType.vote_due): "freeze_vote_due",
    ("freeze", NoticeType.decided): "freeze_decided",
    # A registered document is the record itself, not a document of another record.
    ("document", NoticeType.document_to_acknowledge): "registered_to_acknowledge",
    ("document", NoticeType.document_access_requested): "registered_access_requested",
    ("document", NoticeType.document_access_granted): "registered_access_granted",
    ("document", NoticeType.document_lent): "registered_lent",
    ("document", NoticeType.document_retention_ends): "registered_retention_ends",
}
#: The sentences of overlaps, by the field of the event's payload that names what has taken the window.
OVERLAP_SENTENCES = {"change": "overlapped_by_change", "freeze": "overlapped_by_freeze"}
#: Sentences that name what was done, approved or refused, by the types of their events.
EVENT_SENTENCES = {
    f"sla.{name}": f"agreement_{name}"
    for name in (
        *("requirement_recorded", "drafted", "text_maintained", "negotiated", "consented"),
        *("signed", "reviewed", "renewed", "terminated", "amended", "superseded", "expired"),
    )
} | {
    "change_template.renewed_by_decision": "template_renewed",
    "improvement.plan_approved_by_decision": "project_plan_approved",
    "improvement.pilot_passed": "pilot_passed",
    "improvement.pilot_stopped": "pilot_stopped",
    "improvement_plan.adjusted": "adjustment_approved",
    "improvement_plan.adjustment_refused": "adjustment_refused",
    "improvement_plan.closing_refused": "closing_refused",
    "process_change.approved": "process_change_approved",
    "release.plan_changed": "plan_change_approved",
    "release.plan_change_refused": "plan_change_refused",
}
#: The steps that have several sentences, by event.
STEPS_BY_EVENT = frozenset(
    {
        *(NoticeType.agreement_moved, NoticeType.to_consent, NoticeType.consent_refused),
        *(NoticeType.approved, NoticeType.refused),
    }
)
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Where a sentence names the title, with the signs that go before it; behind it the number may stand in
#: brackets.
TITLE = re.compile(r"\{title\} ?[(（]\{number\}[)）]|[:：,，]? ?(?:“\{title\}”|\{title\}(?! ?[(（]))")
#: Places where a sentence names the number next to a title or after a noun. An id means nothing to people, so
#: there it can be left out; elsewhere the sentence needs a name in its place.
NUMBER_BESIDE_TITLE = re.compile(r" ?[(（]\{number\}[)）]|[,，] ?\{number\}|\{number\}[:：] ?(?=“?\{title\})")
NUMBER_AS_OBJECT = re.compile(r"(?:\b(?:for|of) |^|负责 ?)\{number\}")
NUMBER_BEHIND_NOUN = re.compile(r"(?<=[一-鿿]) \{number\} (?=[一-鿿])|,? ?\{number\}|，\{number\}")
EVENT_PAYLOADS = """
select e.stream, e.version, e.type, e.occurred_at, coalesce(e.data->'clock', e.data->'given') as given,
  case when e.data ? 'observed' then e.data->'set' end as observed
from log.told e
join unnest(%s::text[], %s::integer[]) as w(stream, version) using (stream, version)
where not e.staff_only or e.data ? 'clock'"""
TITLES = "select id, title_{language} as title from {table} where id = any(%s)"


async def load_payloads(ledger: Ledger, steps: Iterable[tuple[str, int, NoticeType]]) -> EventPayloads:
    """Return the payloads of those events that the texts of notices quote, with what else these quote.

    A step is the stream and the version of its event, and the type of the notice.
    """
    quoting = REASON_FIELDS.keys() | REOPENED_STEPS | CLOCK_STEPS | AGREEMENT_STEPS | STEPS_BY_EVENT
    quoting |= {NoticeType.overlapped}
    quoted_steps = [step for step in steps if step[2] in quoting]
    if not quoted_steps:
        return {}
    named = [stream for stream, _, _ in quoted_steps], [version for _, version, _ in quoted_steps]
    payloads = {
        (row["stream"], row["version"]): row["given"] | {"event_type": row["type"], "at": row["occurred_at"]}
        if row["observed"] is None
        else _observed_payload(row["observed"])
        for row in await ledger.db.rows(EVENT_PAYLOADS, named)
    }
    await add_quoted(ledger, quoted_steps, payloads)
    return payloads


def _observed_payload(rows: dict[str, dict[str, Any] | None]) -> dict[str, Any]:
    """Return what texts quote of an event that has set these rows, as if it were our action's payload."""
    values = {name: value for fields in rows.values() if fields for name, value in fields.items()}
    return {
        REASON_FIELDS[step]: values[field] for step, field in OBSERVED_FIELDS.items() if values.get(field)
    }


def steps_of(rows: Iterable[Any]) -> list[tuple[str, int, NoticeType]]:
    """Return the steps of notices, each with the stream and the version of its event."""
    return [
        (stream, version, NoticeType(step))
        for row in rows
        for stream, version, step in zip(
            row["streams"] or [row["about"]] * len(row["steps"]), row["versions"], row["steps"], strict=True
        )
    ]


async def load_titles(ledger: Ledger, language: str, abouts: Iterable[str]) -> dict[str, str]:
    """Return the titles in that language of the records of these streams, of those that have one in each."""
    ids: dict[str, list[UUID]] = {}
    for about in abouts:
        if f"title_{language}" in ledger.lifecycles[kind_of(about)].record.model_fields:
            ids.setdefault(kind_of(about), []).append(id_of(about))
    return {
        f"{kind}/{row['id']}": row["title"]
        for kind, kind_ids in ids.items()
        for row in await ledger.db.rows(
            TITLES.format(language=language, table=ledger.lifecycles[kind].table), (kind_ids,)
        )
    }


def merged(notices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return these notices of one person about one record as a single one: the newest, with all steps."""
    steps = steps_of(notices)
    return {
        **notices[-1],
        "streams": [stream for stream, _, _ in steps],
        "versions": [version for _, version, _ in steps],
        "steps": [step for _, _, step in steps],
    }


def step_sentence(
    ledger: Ledger, language: str, notice: Any, step: NoticeType, payload: dict[str, Any]
) -> str:
    """Return the sentence of one step; `payload` is that of its event, if the sentence needs it."""
    days = payload.get("reopen_days")
    if days is None:
        days = ledger.settings.reopen_days
    words = {
        "number": notice["number"],
        "title": notice["title"] or "",
        "days": str(days),
        "reason": _reason_label(ledger, language, notice["about"], step, payload),
    }
    if step in CLOCK_STEPS:
        words |= {
            "metric": ClockMetric(payload["metric"]).label(language),
            "agreement": _agreement(payload, language),
            "percent": str(payload.get("percent", "")),
            "due": moment(payload.get("due_at"), ledger.numbers.zone),
            "allowed": duration(payload.get("target_seconds") or 0, language),
        }
    if step is NoticeType.agreement_ends:
        words["day"] = payload.get("valid_to") or ""
    sentence = KIND_SENTENCES.get((kind_of(notice["about"]), step), step.value)
    if step in REOPENED_STEPS and sentence == step.value and days == 0:
        sentence = f"{sentence}_finally"
    if step in STEPS_BY_EVENT:
        sentence = EVENT_SENTENCES.get(payload.get("event_type", ""), sentence)
    if step is NoticeType.overlapped:
        sentence = next((key for name, key in OVERLAP_SENTENCES.items() if payload.get(name)), sentence)
    if step in CLOCK_STEPS and payload.get("due_at") is not None and payload.get("agreement_number"):
        sentence = f"{sentence}_due"
    template = sentences(language)["notice"][sentence]
    if not notice["title"]:
        template = without_title(template)
    if not _is_numbered(notice):
        template = without_id(template)
        words["number"] = ledger.lifecycles[kind_of(notice["about"])].label(language)
    return template.format_map(words)


def _is_numbered(notice: Mapping[str, Any]) -> bool:
    """Return whether people know the record by its number; of their keys, by the id, which lists show."""
    return kind_of(notice["about"]) == "key" or ID.fullmatch(notice["number"]) is None


def without_id(sentence: str) -> str:
    """Return the sentence for a record without a number, whose id people do not read."""
    sentence = NUMBER_BESIDE_TITLE.sub("", sentence)
    return sentence if NUMBER_AS_OBJECT.search(sentence) else NUMBER_BEHIND_NOUN.sub("", sentence)


def without_title(sentence: str) -> str:
    """Return the sentence for a reader who may not see the title, or for a record without one."""
    return TITLE.sub(lambda place: "{number}" if "{number}" in place[0] else "", sentence)


def _agreement(payload: dict[str, Any], language: str) -> str:
    """Return the type of the clock's agreement, and its number."""
    kind = AgreementType(payload["agreement_type"]).label(language)
    return " ".join(part for part in (kind, payload.get("agreement_number")) if part)


def _reason_label(
    ledger: Ledger, language: str, about: str, step: NoticeType, payload: dict[str, Any]
) -> str:
    """Return the label of the reason for the step, if its sentence names one: for which a ticket is on hold,
    or how the change has ended that it asked for.
    """
    field = REASON_FIELDS.get(step)
    if field is None:
        return ""
    if step is NoticeType.change_ended:
        return ChangeEnding(payload[field]).label(language)
    record: type[Record] = ledger.lifecycles[kind_of(about)].record
    # Another system may not report the reason for waiting.
    code = payload.get(field, HoldReason.other)
    label: str = codecs(record)["hold_reason"].type(code).label(language)
    return label


def text(
    ledger: Ledger,
    language: str,
    notice: Any,
    payloads: EventPayloads,
    details: Mapping[StepKey, StepDetails] | None = None,
) -> str:
    """Return the notice in sentences, each followed by the details that the reader may see (`told`) and by
    what is asked of them; one per line.
    """
    blocks = _blocks(ledger, language, notice, steps_of([notice]), payloads, details or {}, is_mail=False)
    return "\n".join("\n".join([sentence, *lines]) for sentence, lines in blocks.items())


def _blocks(
    ledger: Ledger,
    language: str,
    notice: Any,
    steps: Sequence[tuple[str, int, NoticeType]],
    payloads: EventPayloads,
    details: Mapping[StepKey, StepDetails],
    *,
    is_mail: bool,
) -> dict[str, list[str]]:
    """Return the sentences of these steps, each once, with the lines of details and requests beneath. Common
    details of several steps stand beneath the last.
    """
    blocks: dict[str, list[str]] = {}
    asking: dict[str, list[str]] = {}
    for stream, version, step in steps:
        lines = blocks.setdefault(
            step_sentence(ledger, language, notice, step, payloads.get((stream, version), {})), []
        )
        step_details = details.get((notice["id"], stream, version))
        more = [] if step_details is None else _lines(language, step_details, is_mail=is_mail)
        if more and "\n".join(more) not in "\n".join(lines):
            lines += more
        ask = request_of(language, step)
        if step_details is not None and ask is not None:
            if (before := asking.get(ask)) is not None:
                before.remove(ask)
            lines.append(ask)
            asking[ask] = lines
    return blocks


def _lines(language: str, details: StepDetails, *, is_mail: bool) -> list[str]:
    """Return who did it and what was set, a line each; in mails the words of persons that take
    several lines are quoted.
    """
    lines = (
        []
        if details.by is None
        else [translate(language, "notice_part", "line", _pair("by", details.by, language))]
    )
    for detail in details.details:
        if is_mail and detail.is_text and len(detail.value.splitlines()) > 1:
            lines += [translate(language, "notice_part", "heading", {"label": detail.label})]
            lines += [f"> {each}" for each in detail.value.splitlines()]
        else:
            words = {"label": detail.label, "value": detail.value}
            lines.append(translate(language, "notice_part", "line", words))
    return lines


def _pair(label: str, value: str, language: str) -> dict[str, str]:
    return {"label": translate(language, "notice_part", label), "value": value}


def request_of(language: str, step: NoticeType) -> str | None:
    """Return what a notice of that type asks of its reader; None: nothing."""
    return translate(language, "notice_ask", step.value) if step.kind is NoticeKind.waits_for_you else None


def kind_of_notice(steps: Iterable[NoticeType]) -> NoticeKind:
    """Return the kind of a notice with these steps: of several, what asks most of the reader."""
    kinds = {step.kind for step in steps}
    return next(kind for kind in NoticeKind if kind in kinds)


def reason_of(language: str, kind: NoticeKind) -> str:
    """Return why the reader gets a notice of that kind."""
    return translate(language, "notice_why", kind.value)


def mail_parts(
    ledger: Ledger,
    caller: Caller,
    notice: Any,
    steps: Sequence[tuple[str, int, NoticeType]],
    payloads: EventPayloads,
    details: Mapping[StepKey, StepDetails],
    *,
    answer_link: str | None = None,
) -> list[str]:
    """Return the paragraphs of a mail about these steps: no sentence stands in them twice. `answer_link` is
    where the person rates the ticket or answers the survey, if they are asked to.
    """
    language = caller.locale
    blocks = _blocks(ledger, language, notice, steps, payloads, details, is_mail=True)
    parts = [heading(ledger, language, notice)]
    parts += ["\n".join([sentence, *lines]) for sentence, lines in blocks.items()]
    if answer_link is not None:
        parts.append(f"{translate(language, 'notice', 'rating_link')}\n{answer_link}")
    parts.append(reason_of(language, kind_of_notice(step for *_, step in steps)))
    link = page_link(ledger, notice, caller)
    return parts if link is None else [*parts, link]


def heading(ledger: Ledger, language: str, notice: Any) -> str:
    """Return what the notice is about: the kind of the record, its number, and its title if it has one."""
    lifecycle = ledger.lifecycles[kind_of(notice["about"])]
    name = lifecycle.zh if language == "zh" else noun(lifecycle.kind).capitalize()
    code = "about_title" if notice["title"] not in (None, notice["number"]) else "about"
    words = {"kind": name, "number": notice["number"], "title": notice["title"] or ""}
    template = sentences(language)["notice_part"][code]
    if not _is_numbered(notice):
        template = NUMBER_BEHIND_NOUN.sub("", template)
    return template.format_map(words)


def with_footer(language: str, parts: Iterable[str], sender_name: str = "") -> str:
    """Return the text of a mail with these paragraphs, signed with the sender's name, if there is one."""
    footer = ["-- ", *filter(None, [sender_name]), translate(language, "notice", "footer")]
    return "\n\n".join([*parts, "\n".join(footer)]) + "\n"


def link_to(ledger: Ledger, notice: Any, steps: Collection[NoticeType]) -> str | None:
    """Return the address of what the notice is about, or of its clocks if all steps are of clocks; None
    without a public address of this service.
    """
    public_url = ledger.settings.public_url
    if public_url is None:
        return None
    below = "/sla" if CLOCK_STEPS.issuperset(steps) else ""
    lifecycle = ledger.lifecycles[kind_of(notice["about"])]
    name = id_of(notice["about"]) if lifecycle.code is None else notice["number"]
    return f"{public_url}/v1/{lifecycle.plural}/{name}{below}"


def page_link(ledger: Ledger, notice: Any, caller: Caller) -> str | None:
    """Return the address of the page of the notice's subject: at the desk, or in the portal for people who
    are not staff, if it has a page there; None without a public address of this service.
    """
    kind = kind_of(notice["about"])
    name = id_of(notice["about"]) if ledger.lifecycles[kind].code is None else notice["number"]
    return record_page(ledger.settings.public_url, kind, name, for_staff=caller.is_staff)
