"""What a notice says, in the language of its reader: titles, numbers and codes; in mails words, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.common.notices import NoticeType
from app.common.personal import is_sealed
from app.common.records import Record, codecs
from app.i18n import translate
from app.kernel.ledger import Ledger
from app.log.events import kind_of

#: Where the words of a step stand in `given` of its event; they are for all who see the ticket.
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
}
#: Where tickets of a kind have a sentence of their own.
KIND_SENTENCES = {
    ("problem", NoticeType.resolved): "problem_resolved",
    ("meeting", NoticeType.in_charge): "meeting_in_charge",
}
EVENT_PAYLOADS = """
select e.stream, e.version, e.data->'given' as given from log.told e
join unnest(%s::text[], %s::integer[]) as w(stream, version) using (stream, version)
where not e.staff_only"""
#: What was said in the event of a ticket, by the ticket's name and the event's version.
EventPayloads = dict[tuple[str, int], dict[str, Any]]


async def load_payloads(ledger: Ledger, steps: Iterable[tuple[str, int, NoticeType]]) -> EventPayloads:
    """What was said in those of the events in which something is said that notices tell. One statement."""
    wanted = [
        (stream, version)
        for stream, version, step in steps
        if step is NoticeType.held or step in FREE_TEXT_FIELDS
    ]
    if not wanted:
        return {}
    rows = await ledger.db.rows(EVENT_PAYLOADS, ([stream for stream, _ in wanted], [n for _, n in wanted]))
    return {(row["stream"], row["version"]): row["given"] for row in rows}


def steps_of(rows: Iterable[Any]) -> list[tuple[str, int, NoticeType]]:
    """The steps of notices, each with the ticket's name and the version of its event."""
    return [
        (row["about"], version, NoticeType(step))
        for row in rows
        for version, step in zip(row["versions"], row["steps"], strict=True)
    ]


def step_sentence(
    ledger: Ledger, language: str, notice: Any, step: NoticeType, payload: dict[str, Any]
) -> str:
    """What is said of one step; `given` is what was said in its event, if that was looked up."""
    words = {
        "number": notice["number"],
        "title": notice["title"] or "",
        "days": str(ledger.settings.reopen_days),
        "reason": _hold_reason_label(ledger, language, notice["about"], payload)
        if step is NoticeType.held
        else "",
    }
    sentence = KIND_SENTENCES.get((kind_of(notice["about"]), step), step.value)
    return translate(language, "notice", sentence, words)


def _hold_reason_label(ledger: Ledger, language: str, about: str, payload: dict[str, Any]) -> str:
    """What a ticket waits for, as people call it."""
    record: type[Record] = ledger.lifecycles[kind_of(about)].record
    label: str = codecs(record)["hold_reason"].type(payload["reason"]).label(language)
    return label


def text(ledger: Ledger, language: str, notice: Any, payloads: EventPayloads) -> str:
    """The notice in sentences, one to a line, without anybody's own words."""
    steps = steps_of([notice])
    lines = [
        step_sentence(ledger, language, notice, step, payloads.get((about, n), {}))
        for about, n, step in steps
    ]
    return "\n".join(dict.fromkeys(lines))


def sealed_words(steps: Sequence[tuple[str, int, NoticeType]], payloads: EventPayloads) -> list[str]:
    """The ciphertexts of people's words in the steps."""
    found = [payloads.get((about, n), {}).get(FREE_TEXT_FIELDS.get(step, "")) for about, n, step in steps]
    return [words for words in found if isinstance(words, str) and is_sealed(words)]


def mail_text(
    ledger: Ledger,
    language: str,
    notice: Any,
    steps: Sequence[tuple[str, int, NoticeType]],
    payloads: EventPayloads,
    opened: dict[str, str | None],
) -> str:
    """These steps of the notice in sentences, each with the words that were said but those withdrawn.
    `opened` are the texts of the words, by ciphertext.
    """
    parts = []
    for about, version, step in steps:
        said = payloads.get((about, version), {})
        words = opened.get(said.get(FREE_TEXT_FIELDS.get(step, ""), ""))
        parts.append(step_sentence(ledger, language, notice, step, said))
        if words is not None:
            parts.append("\n".join(f"> {each}" for each in words.splitlines()))
    return "\n\n".join([*parts, "-- \n" + translate(language, "notice", "footer")]) + "\n"
