"""Texts of notices in their reader's language: titles, numbers and codes; in mails also the free text of
events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.common.clocks import AgreementType, ClockMetric
from app.common.notices import NoticeType
from app.common.personal import is_sealed
from app.common.records import Record, codecs
from app.common.tickets import HoldReason
from app.i18n import translate
from app.kernel.ledger import Ledger
from app.log.events import kind_of
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

#: By step, the free-text field in the payload (`given`) of its event, which all who see the ticket may read.
FREE_TEXT_FIELDS = {
    NoticeType.commented: "text",
    NoticeType.updated: "statement",
    NoticeType.resolved: "done",
    NoticeType.delivered: "delivered",
    NoticeType.reopened: "reason",
    NoticeType.cancelled: "reason",
    NoticeType.rejected: "reason",
    NoticeType.escalated: "reason",
    NoticeType.rated: "comment",
    NoticeType.moved: "reason",
    NoticeType.called_off: "reason",
    NoticeType.reviewed: "comment",
    NoticeType.complaint_answered: "remedy",
    NoticeType.rolled_back: "reason",
    NoticeType.project_plan_returned: "lacking",
}
#: By step, the field of its event's payload that holds the code of the reason which its sentence names.
REASON_FIELDS = {NoticeType.held: "reason", NoticeType.change_ended: "outcome"}
#: By step, the field of a row that holds the same after an observed event, whose payload is not ours.
OBSERVED_FIELDS = {
    NoticeType.held: "hold_reason",
    NoticeType.commented: "text",
    NoticeType.updated: "statement",
    NoticeType.resolved: "resolution",
    NoticeType.delivered: "delivery",
}
#: The sentences that differ from the step's own for records of a kind.
KIND_SENTENCES = {
    ("problem", NoticeType.resolved): "problem_resolved",
    ("change", NoticeType.delivered): "change_implemented",
    ("release", NoticeType.to_review): "release_to_review",
    ("meeting", NoticeType.in_charge): "meeting_in_charge",
    ("freeze", NoticeType.in_charge): "freeze_in_charge",
    ("sla", NoticeType.in_charge): "sla_in_charge",
    ("service_level_plan", NoticeType.in_charge): "plan_in_charge",
    ("improvement_plan", NoticeType.in_charge): "plan_in_charge",
    ("training", NoticeType.in_charge): "training_in_charge",
    ("freeze", NoticeType.to_vote): "freeze_to_vote",
    ("freeze", NoticeType.vote_due): "freeze_vote_due",
    ("freeze", NoticeType.decided): "freeze_decided",
}
#: What an agreement's steps are called, by the types of their events.
AGREEMENT_SENTENCES = {
    f"sla.{name}": f"agreement_{name}"
    for name in (
        *("requirement_recorded", "drafted", "text_maintained", "negotiated", "submitted", "consented"),
        *("signed", "reviewed", "renewed", "terminated", "amended", "superseded", "expired"),
    )
}
EVENT_PAYLOADS = """
select e.stream, e.version, e.type, e.occurred_at, coalesce(e.data->'clock', e.data->'given') as given,
  case when e.data ? 'observed' then e.data->'set' end as observed
from log.told e
join unnest(%s::text[], %s::integer[]) as w(stream, version) using (stream, version)
where not e.staff_only or e.data ? 'clock'"""


async def load_payloads(ledger: Ledger, steps: Iterable[tuple[str, int, NoticeType]]) -> EventPayloads:
    """Return the payloads of those events that the texts of notices quote, with what else these quote.

    A step is the stream and the version of its event, and the type of the notice.
    """
    quoting = REASON_FIELDS.keys() | FREE_TEXT_FIELDS.keys() | CLOCK_STEPS | AGREEMENT_STEPS
    wanted = [one for one in steps if one[2] in quoting]
    if not wanted:
        return {}
    named = [stream for stream, _, _ in wanted], [version for _, version, _ in wanted]
    payloads = {
        (row["stream"], row["version"]): row["given"] | {"event_type": row["type"], "at": row["occurred_at"]}
        if row["observed"] is None
        else _observed_payload(row["observed"])
        for row in await ledger.db.rows(EVENT_PAYLOADS, named)
    }
    await add_quoted(ledger, wanted, payloads)
    return payloads


def _observed_payload(rows: dict[str, dict[str, Any] | None]) -> dict[str, Any]:
    """Return what texts quote of an event that has set these rows, as if it were our action's payload."""
    told = {name: value for fields in rows.values() if fields for name, value in fields.items()}
    names = {step: FREE_TEXT_FIELDS.get(step) or REASON_FIELDS[step] for step in OBSERVED_FIELDS}
    return {names[step]: told[field] for step, field in OBSERVED_FIELDS.items() if told.get(field)}


def steps_of(rows: Iterable[Any]) -> list[tuple[str, int, NoticeType]]:
    """Return the steps of notices, each with the stream and the version of its event."""
    return [
        (stream, version, NoticeType(step))
        for row in rows
        for stream, version, step in zip(
            row["streams"] or [row["about"]] * len(row["steps"]), row["versions"], row["steps"], strict=True
        )
    ]


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
    if step is NoticeType.agreement_moved:
        sentence = AGREEMENT_SENTENCES.get(payload.get("event_type", ""), sentence)
    if step in CLOCK_STEPS and payload.get("due_at") is not None and payload.get("agreement_number"):
        sentence = f"{sentence}_due"
    return translate(language, "notice", sentence, words)


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
    # Another system may not say what it waits for.
    code = payload.get(field, HoldReason.other)
    label: str = codecs(record)["hold_reason"].type(code).label(language)
    return label


def text(ledger: Ledger, language: str, notice: Any, payloads: EventPayloads) -> str:
    """Return the notice in sentences, one per line, without free text of persons."""
    steps = steps_of([notice])
    lines = [
        step_sentence(ledger, language, notice, step, payloads.get((about, n), {}))
        for about, n, step in steps
    ]
    return "\n".join(dict.fromkeys(lines))


def sealed_words(steps: Sequence[tuple[str, int, NoticeType]], payloads: EventPayloads) -> list[str]:
    """Return the ciphertexts of the free texts of the steps."""
    found = [payloads.get((about, n), {}).get(FREE_TEXT_FIELDS.get(step, "")) for about, n, step in steps]
    return [words for words in found if isinstance(words, str) and is_sealed(words)]


def mail_text(
    ledger: Ledger,
    language: str,
    notice: Any,
    steps: Sequence[tuple[str, int, NoticeType]],
    payloads: EventPayloads,
    opened: dict[str, str | None],
    *,
    rating_link: str | None = None,
) -> str:
    """Return these steps of the notice in sentences, each followed by its free text unless that was
    withdrawn. `opened` are the decrypted texts, by ciphertext; `rating_link` is where the person rates the
    ticket, if they are asked to.
    """
    parts: list[str] = []
    for about, version, step in steps:
        said = payloads.get((about, version), {})
        words = opened.get(said.get(FREE_TEXT_FIELDS.get(step, ""), ""))
        sentence = step_sentence(ledger, language, notice, step, said)
        if sentence not in parts or words is not None:
            parts.append(sentence)
        if words is not None:
            parts.append("\n".join(f"> {each}" for each in words.splitlines()))
        if step is NoticeType.rating_asked and rating_link is not None:
            parts.append(f"{translate(language, 'notice', 'rating_link')}\n{rating_link}")
    parts += _links(ledger, notice, [step for _, _, step in steps])
    return "\n\n".join([*parts, "-- \n" + translate(language, "notice", "footer")]) + "\n"


def _links(ledger: Ledger, notice: Any, steps: Sequence[NoticeType]) -> list[str]:
    """Return the address of what the steps are about: of a ticket's clocks, or of an agreement. None without
    a public address of this service.
    """
    kind, public_url = kind_of(notice["about"]), ledger.settings.public_url
    if public_url is None or not (kind == "sla" or CLOCK_STEPS.intersection(steps)):
        return []
    below = "" if kind == "sla" else "/sla"
    return [f"{public_url}/v1/{ledger.lifecycles[kind].plural}/{notice['number']}{below}"]
