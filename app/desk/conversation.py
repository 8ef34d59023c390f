"""The conversation about a ticket: everybody's words in their order, and between them, folded, what was done
(pure).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from app.desk.timeline import SEPARATORS, NarratedEvent
from app.desk.values import ShownField, ValueDisplay
from app.html.filters import breaks, plain_text

#: Addresses and labels of what can be done with a row.
RowLinks = tuple[tuple[str, str], ...]
NO_LINKS: RowLinks = ()
#: Files that somebody shares so soon after their own words belong to these.
FILES_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file of the ticket: its name, and the address of its content (None: it was erased). `is_picture`: the
    browser can show it. `is_internal`: only staff may read it.
    """

    name: str
    address: str | None
    is_picture: bool = False
    is_internal: bool = False


@dataclass(frozen=True, slots=True)
class ConversationEntry:
    """An entry of the conversation: a person's words or act.

    `did` is the act in the past tense; empty for a comment, which has only words. `texts` are the person's
    texts, each with its label; `is_internal`: only staff may read it. `events` are acts without words,
    several of which share an entry.
    """

    author: str
    instant: Markup
    did: str = ""
    texts: tuple[ShownField, ...] = ()
    is_internal: bool = False
    is_by_requester: bool = False
    notes: tuple[Markup, ...] = ()
    folded: Markup | None = None
    files: tuple[SharedFile, ...] = ()
    links: RowLinks = NO_LINKS
    events: tuple[NarratedEvent, ...] = ()
    occurred_at: datetime | None = None

    def adds_files_to(self, other: ConversationEntry) -> bool:
        """Return whether the entry only shares files, and belongs to the words of the other one before it."""
        if self.texts or not self.files or self.occurred_at is None or other.occurred_at is None:
            return False
        is_same = (self.author, self.is_internal) == (other.author, other.is_internal)
        return is_same and self.occurred_at - other.occurred_at <= FILES_WITHIN


@dataclass(frozen=True, slots=True)
class ConversationRows:
    """The rows of the ticket's conversation: its comments by their ids, with what can be done with each, and
    its files by theirs.
    """

    comments: Mapping[str, Mapping[str, Any]]
    links: Mapping[str, RowLinks]
    files: Mapping[str, SharedFile]


def conversation(
    display: ValueDisplay,
    events: Iterable[NarratedEvent],
    rows: ConversationRows,
    requester: str | None,
) -> list[ConversationEntry]:
    """Return the entries in the order of time. `events` are those of the record, without its clocks, the
    newest first; `requester` is the name of the person who asks.
    """
    left = dict(rows.comments)
    entries: list[ConversationEntry] = []
    silent: list[NarratedEvent] = []
    # The question of a hold is also a comment.
    comment_texts = {_displayed(comment.get("text")) for comment in rows.comments.values()}
    for event in reversed(list(events)):
        texts = tuple(field for field in event.texts if field.value not in comment_texts)
        spoken = list(_spoken(display, replace(event, texts=texts), rows, left, requester))
        if spoken and silent:
            entries.append(_silent_entry(display, silent))
            silent = []
        for entry in spoken:
            if entries and entry.adds_files_to(entries[-1]):
                entries[-1] = replace(entries[-1], files=(*entries[-1].files, *entry.files))
            else:
                entries.append(entry)
        if not spoken:
            silent.append(event)
    if silent:
        entries.append(_silent_entry(display, silent))
    entries += [_comment(display, comment, rows, requester) for comment in left.values()]
    return entries


def _spoken(
    display: ValueDisplay,
    event: NarratedEvent,
    rows: ConversationRows,
    left: dict[str, Mapping[str, Any]],
    requester: str | None,
) -> Iterator[ConversationEntry]:
    """Yield the entries for texts and files of the event; an event without words has no entries. A comment is
    taken out of the remaining ones.
    """
    ids = [name.partition("/")[2] for name in event.rows]
    comments = [left.pop(name) for name in ids if name in left]
    files = tuple(rows.files[name] for name in ids if name in rows.files)
    for comment in comments:
        yield _comment(display, comment, rows, requester)
    is_about_comment = any(name.startswith("comment/") for name in event.rows)
    if not comments and not is_about_comment and (event.texts or files):
        yield ConversationEntry(
            event.actor,
            event.instant,
            did=event.label,
            texts=event.texts,
            is_internal=bool(files) and all(file.is_internal for file in files) and not event.texts,
            is_by_requester=event.actor == requester,
            files=files,
            occurred_at=_time(event.occurred_at),
            events=(event,) if event.changes or (event.values and not files) else (),
        )


def _comment(
    display: ValueDisplay,
    comment: Mapping[str, Any],
    rows: ConversationRows,
    requester: str | None,
) -> ConversationEntry:
    author = (comment.get("author") or {}).get("name") or display.sentence("somebody")
    notes = [display.sentence(code) for code in ("corrected", "withdrawn") if comment.get(f"{code}_at")]
    altered = [display.html(comment["altered"], {}, "altered")] if comment.get("altered") else []
    text = comment.get("text")
    return ConversationEntry(
        author,
        display.instant(comment["written_at"]),
        texts=(ShownField("text", "", _displayed(text), is_long=True, is_instant=False),) if text else (),
        is_internal=comment.get("visibility") == "internal",
        is_by_requester=author == requester,
        notes=(*map(plain_text, notes), *altered),
        folded=breaks(plain_text(comment["folded"])) if comment.get("folded") else None,
        links=rows.links.get(comment["id"], NO_LINKS),
        occurred_at=_time(comment["written_at"]),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _silent_entry(display: ValueDisplay, events: Sequence[NarratedEvent]) -> ConversationEntry:
    """Return one entry for acts without words, in the order of time, with the time of the last act. An act is
    preceded by its actor if the act before has another one.
    """
    did: list[str] = []
    actor = events[0].actor
    for event in events:
        did.append(event.label if event.actor == actor else f"{event.actor} {event.label}")
        actor = event.actor
    words = SEPARATORS[display.language].join(dict.fromkeys(did))
    return ConversationEntry(events[0].actor, events[-1].instant, did=words, events=tuple(events))


def _displayed(text: str | None) -> Markup:
    return breaks(plain_text(text))
