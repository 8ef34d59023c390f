"""Checks of what notices say, for all of them alike: each yields what is wrong with one that is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from app.common.notices import NoticeKind
from app.i18n import sentences
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant
from app.log.events import kind_of
from app.notifications.quoted import moment
from app.notifications.told_fields import asks_for_action
from tests.notifications.rendering import PUBLIC_URL, Shown, all_events
from tests.notifications.told_values import (
    actor_of,
    due_to_be_told,
    encrypted_in,
    is_for_staff,
    payload_fields,
    quotable,
    strings_in,
    written,
)
from tests.words.machine_words import signs_in

LATIN, CHINESE = re.compile(r"[A-Za-z]{2,}"), re.compile(r"[\u3400-\u9fff]")
#: What is no word of a language: numbers of records, addresses, zones of instants, and "API", which Chinese
#: texts have, too.
NO_WORDS = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[A-Z]{2,4}-\d{4}-\d+\b|https?://\S+"
    r"|\([A-Z][A-Za-z_]+(?:/[A-Za-z_]+)?\)|\bAPI\b"
)
#: A code of the program: no word for a reader.
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
#: What stands where something is missing: a placeholder, a word of the program, empty brackets or quotes,
#: an instant or a text as the log has it.
MISSING = re.compile(
    r"[{}…]|\bNone\b|\bnull\b|enc1:|[(（“]\s*[)）”]|\s[:：,，.。]|[:：]\s*[.。]|\S {2,}\S|\d\dT\d\d|\dZ\b"
)
#: Of an address what stands behind its scheme.
ADDRESS = re.compile(r"(?<=://)\S+")
#: A label with nothing behind it, unless quoted lines or an address follow.
BARE_LABEL = re.compile(r"[:：] ?(?=\n(?!> |https?://)|\Z)")
ENDS = re.compile(r"(?<=[.?!])\s+|(?<=[。？！])")
SHORT = 8
TITLED = "select title from {table} where title is not null"


@dataclass(frozen=True)
class Known:
    """What notices may quote: words by their ciphertexts, and names of persons, teams and records."""

    ledger: Ledger
    words: dict[str, str | None]
    persons: dict[UUID, str]
    names: frozenset[str]
    #: By stream, what its events say in words, numbers and keys of people.
    quoted: dict[str, set[str]]


async def known_to(ledger: Ledger, notices: list[Shown]) -> Known:
    """Look up all that these notices may quote."""
    rows = await ledger.db.rows("select id, name from fold.person where name is not null")
    names = [row["name"] for row in await ledger.db.rows("select name from fold.team")]
    for lifecycle in ledger.lifecycles.values():
        if "title" in lifecycle.record.model_fields:
            records = await ledger.db.rows(TITLED.format(table=lifecycle.table))
            names += [row["title"] for row in records]
    events = await all_events(ledger)
    encrypted = {ciphertext for event in events for ciphertext in encrypted_in(event.data)}
    encrypted |= {row["name"] for row in rows} | {
        ciphertext for name in names for ciphertext in encrypted_in(name)
    }
    words = await ledger.vault.texts(encrypted)
    persons = {row["id"]: words[row["name"]] or "" for row in rows}
    plain = {words.get(name, name) or "" for name in names}
    quoted: dict[str, set[str]] = {}
    for event in events:
        quotes = {words.get(quote, quote) or "" for quote in quotable(ledger, event)}
        quoted.setdefault(event.stream, set()).update(quotes)
    return Known(ledger, words, persons, frozenset(plain - {""}), quoted)


def says_what_and_where(texts: Known, notice: Shown) -> Iterator[str]:
    """The number of the record is in it, and in a mail its address. What has no number is called by words,
    which are for those who see it.
    """
    kind = kind_of(notice.row["about"])
    has_number = texts.ledger.lifecycles[kind].code is not None
    if (has_number or notice.mail is not None) and notice.row["number"] not in notice.body:
        yield f"does not say {notice.row['number']}"
    pages = [f"{PUBLIC_URL}/{root}/{kind}/" for root in ("desk", "portal")]
    if notice.mail is not None and not any(address in notice.body for address in pages):
        yield "has no link"


def says_who(texts: Known, notice: Shown) -> Iterator[str]:
    """Who did it is in it, for who sees the record; a rule is not named."""
    label = sentences(notice.language)["notice_part"]
    for case in notice.cases if notice.mail is not None else ():
        actor = actor_of(case.event)
        name = label["rule"] if actor is None else texts.persons[actor]
        if label["line"].format(label=label["by"], value=name) not in notice.body:
            yield f"does not say that {name} did it"


def says_what_was_set(texts: Known, notice: Shown) -> Iterator[str]:
    """What the event has for the reader is in it: until when, when, how it ended, and why."""
    for case in notice.cases if notice.mail is not None else ():
        for field in () if case.is_made_up else due_to_be_told(texts.ledger, case):
            value = written(texts.ledger, field, notice.language, texts.words)
            theirs = notice.caller.is_staff or not is_for_staff(field.model, field.name)
            if theirs and value is not None and value not in notice.body:
                yield f"does not say {field.place}: {value}"


def says_what_is_asked(texts: Known, notice: Shown) -> Iterator[str]:
    """What waits for the reader says what is asked of them."""
    asks = sentences(notice.language)["notice_ask"]
    for case in notice.cases if notice.mail is not None else ():
        waits = case.step.kind is NoticeKind.waits_for_you
        if waits and asks[case.step.value] not in notice.body:
            yield "does not say what it asks"


def says_until_when(texts: Known, notice: Shown) -> Iterator[str]:
    """What asks for something says until when, as a time in the answer and in the words of the mail."""
    times_told = Counter(case.event.position for case in notice.cases)
    steps = zip(notice.cases, notice.item["told"], strict=True) if notice.mail is not None else ()
    for case, step in steps:
        # Nobody is notified of an event twice; here the readers of several notices are one.
        if asks_for_action(case.step) and times_told[case.event.position] == 1:
            due_at = step["due_at"]
            zone, words = texts.ledger.numbers.zone, []
            if due_at is not None:  # a day ends with that day
                due = from_instant(due_at)
                words = [moment(due, zone)]
                if due.astimezone(zone).time() == time():
                    words.append(f"{(due - timedelta.resolution).astimezone(zone):%Y-%m-%d}")
            if not any(each in notice.body for each in words):
                yield f"does not say until when: {case.step.value}"


def has_nothing_empty(texts: Known, notice: Shown) -> Iterator[str]:
    """No placeholder is empty or as the program has it."""
    text = ADDRESS.sub("·", notice.body)  # the random part of a link may look like anything
    for words in [*texts.words.values(), notice.row["title"]]:
        text = text.replace(words, "·") if words and len(words) > SHORT else text
    for pattern in (MISSING, BARE_LABEL):
        for match in pattern.finditer(text):
            yield f"has {match[0]!r} in {text[max(0, match.start() - 40) : match.end() + 20]!r}"


def is_in_one_language(texts: Known, notice: Shown) -> Iterator[str]:
    """Apart from what is quoted, no word of the other language is in it."""
    text = NO_WORDS.sub(" ", notice.body)
    quoted = {notice.row["number"], notice.row["title"] or "", *texts.names, *texts.persons.values()}
    quoted |= texts.quoted[notice.row["about"]]
    for quote in sorted(quoted - {""}, key=len, reverse=True):
        for line in quote.splitlines():
            text = text.replace(line.strip(), " ") if line.strip() else text
    other = CHINESE if notice.language == "en" else LATIN
    for line in text.splitlines():
        if other.search(line):
            yield f"is not all in one language: {line.strip()!r}"


def has_no_words_of_the_program(texts: Known, notice: Shown) -> Iterator[str]:
    """Apart from what is quoted, it has no code, path, id or raw figure."""
    text = ADDRESS.sub("·", notice.body)
    quoted = {notice.row["title"] or "", *texts.names, *texts.quoted[notice.row["about"]]}
    if notice.row["about"].startswith("key/"):
        quoted.add(notice.row["number"])  # a person's keys are told apart by their ids
    for quote in sorted(quoted - {""}, key=len, reverse=True):
        for line in quote.splitlines():
            text = text.replace(line.strip(), "·") if len(line.strip()) > SHORT else text
    yield from signs_in(text)


def says_nothing_twice(texts: Known, notice: Shown) -> Iterator[str]:
    """No sentence is in it twice. Who did it, and what was set, stands with each event."""
    label = sentences(notice.language)["notice_part"]["line"].replace("{value}", "")
    labels = {
        *sentences(notice.language)["notice_field"].values(),
        sentences(notice.language)["notice_part"]["by"],
    }
    begins = tuple(label.format(label=field_label) for field_label in labels)
    lines = [line for line in notice.body.splitlines() if line and not line.startswith((*begins, "> "))]
    counts = Counter(sentence.strip() for line in lines for sentence in ENDS.split(line) if sentence.strip())
    yield from (f"says twice: {sentence}" for sentence, times in counts.items() if times > 1)


def tells_nothing_that_is_not_theirs(texts: Known, notice: Shown) -> Iterator[str]:
    """Who does not see the record reads no word of it, nor who did it; who is not staff nothing for staff."""
    readable = "\n".join([notice.body, str(notice.item)])
    hidden: dict[str, Any] = {}
    for case in notice.cases:
        fields = list(payload_fields(texts.ledger, case.event))
        if notice.mail is None:
            hidden |= {name: string for _, name, value in fields for string in strings_in(value)}
            hidden |= {
                f"encrypted {n}": ciphertext for n, ciphertext in enumerate(encrypted_in(case.event.data))
            }
            hidden["title"] = notice.row["title"]
            hidden["actor"] = texts.persons.get(actor_of(case.event) or UUID(int=0))
        elif not notice.caller.is_staff:
            for_staff = [field for field in fields if is_for_staff(*field[:2])]
            hidden |= {name: string for _, name, value in for_staff for string in strings_in(value)}
    for name, value in hidden.items():
        words = texts.words.get(value, value)
        # The reader's own notice says which record it is about, and a document's event names the document.
        is_told = words == notice.caller.actor or words == notice.row["about"].partition("/")[2]
        if words and len(words) > SHORT and words in readable and not is_told:
            yield f"tells {name}: {words}"


CHECKS: tuple[Callable[[Known, Shown], Iterator[str]], ...] = (
    says_what_and_where,
    says_who,
    says_what_was_set,
    says_what_is_asked,
    says_until_when,
    has_nothing_empty,
    is_in_one_language,
    has_no_words_of_the_program,
    says_nothing_twice,
    tells_nothing_that_is_not_theirs,
)
