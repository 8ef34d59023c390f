"""What a notice says, in the language of its reader: titles, numbers and codes; in mails words, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.common.notices import Step
from app.common.personal import is_sealed
from app.common.records import Record, codecs
from app.i18n import say
from app.kernel.ledger import Ledger
from app.log.events import kind_of

#: Where the words of a step stand in `given` of its event; they are for all who see the ticket.
WORDS = {
    Step.commented: "text",
    Step.updated: "statement",
    Step.resolved: "done",
    Step.delivered: "delivered",
    Step.reopened: "reason",
    Step.cancelled: "reason",
    Step.rejected: "reason",
    Step.escalated: "reason",
    Step.rated: "comment",
    Step.moved: "reason",
    Step.called_off: "reason",
    Step.reviewed: "comment",
    Step.complaint_answered: "remedy",
}
#: Where tickets of a kind have a sentence of their own.
OWN = {
    ("problem", Step.resolved): "problem_resolved",
    ("meeting", Step.in_charge): "meeting_in_charge",
}
GIVEN = """
select e.stream, e.version, e.data->'given' as given from log.told e
join unnest(%s::text[], %s::integer[]) as w(stream, version) using (stream, version)
where not e.staff_only"""
#: What was said in the event of a ticket, by the ticket's name and the event's version.
Given = dict[tuple[str, int], dict[str, Any]]


async def given_of(ledger: Ledger, told: Iterable[tuple[str, int, Step]]) -> Given:
    """What was said in those of the events in which something is said that notices tell. One statement."""
    wanted = [(stream, version) for stream, version, step in told if step is Step.held or step in WORDS]
    if not wanted:
        return {}
    rows = await ledger.db.rows(GIVEN, ([stream for stream, _ in wanted], [n for _, n in wanted]))
    return {(row["stream"], row["version"]): row["given"] for row in rows}


def told_by(rows: Iterable[Any]) -> list[tuple[str, int, Step]]:
    """The steps of notices, each with the ticket's name and the version of its event."""
    return [
        (row["about"], version, Step(step))
        for row in rows
        for version, step in zip(row["versions"], row["steps"], strict=True)
    ]


def line(ledger: Ledger, language: str, notice: Any, step: Step, given: dict[str, Any]) -> str:
    """What is said of one step; `given` is what was said in its event, if that was looked up."""
    words = {
        "number": notice["number"],
        "title": notice["title"] or "",
        "days": str(ledger.settings.reopen_days),
        "reason": _label(ledger, language, notice["about"], given) if step is Step.held else "",
    }
    sentence = OWN.get((kind_of(notice["about"]), step), step.value)
    return say(language, "notice", sentence, words)


def _label(ledger: Ledger, language: str, about: str, given: dict[str, Any]) -> str:
    """What a ticket waits for, as people call it."""
    record: type[Record] = ledger.lifecycles[kind_of(about)].record
    label: str = codecs(record)["hold_reason"].type(given["reason"]).label(language)
    return label


def text(ledger: Ledger, language: str, notice: Any, given: Given) -> str:
    """The notice in sentences, one to a line, without anybody's own words."""
    told = told_by([notice])
    lines = [line(ledger, language, notice, step, given.get((about, n), {})) for about, n, step in told]
    return "\n".join(dict.fromkeys(lines))


def sealed_words(told: Sequence[tuple[str, int, Step]], given: Given) -> list[str]:
    """The ciphertexts of people's words in the steps."""
    found = [given.get((about, n), {}).get(WORDS.get(step, "")) for about, n, step in told]
    return [words for words in found if isinstance(words, str) and is_sealed(words)]


def with_words(
    ledger: Ledger,
    language: str,
    notice: Any,
    told: Sequence[tuple[str, int, Step]],
    given: Given,
    opened: dict[str, str | None],
) -> str:
    """These steps of the notice in sentences, each with the words that were said but those withdrawn.
    `opened` are the texts of the words, by ciphertext.
    """
    parts = []
    for about, version, step in told:
        said = given.get((about, version), {})
        words = opened.get(said.get(WORDS.get(step, ""), ""))
        parts.append(line(ledger, language, notice, step, said))
        if words is not None:
            parts.append("\n".join(f"> {each}" for each in words.splitlines()))
    return "\n\n".join([*parts, "-- \n" + say(language, "notice", "footer")]) + "\n"
