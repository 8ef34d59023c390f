"""Renders notices of events for those who get them, in each language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.api.records.columns import Columns, by_row
from app.common.notices import NoticeType, Responsible
from app.common.people import Caller, rule_caller
from app.common.tickets import Ticket
from app.foundation.decisions.records import Decision
from app.i18n import LANGUAGES
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks, part_types
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible
from app.log.events import COLUMNS, Recorded, kind_of, recorded
from app.notifications import mail, notices, steps, texts
from app.notifications.lifecycle import LIFECYCLE, MOST_STEPS, SendNotice
from app.notifications.queries import NoticeOut, NoticeRenderer
from app.notifications.recipients import POST_KINDS
from app.notifications.records import DeliveryMethod
from app.notifications.responsible import responsibility_marks
from app.notifications.told_fields import TOLD_FIELDS
from tests.client import Json
from tests.people import act

PUBLIC_URL = "https://desk.example.org/it"
EVENTS = f"select {COLUMNS} from log.event order by position"
CLOCKS = "select stream, about from log.stream_head where stream like 'clock/%'"
SENT = """
select n.*, h.audience from fold.notice n join log.stream_head h on h.stream = n.about where n.id = any(%s)"""
#: The groups of recipients that only tickets have.
OF_TICKETS = frozenset({steps.RecipientGroup.public, steps.RecipientGroup.assignee})


@dataclass(frozen=True)
class Case:
    """An event, a type of notice that tells of it, and a reader; `about` is the stream of the record. What is
    made up has another event than such a notice tells of.
    """

    event: Recorded
    step: NoticeType
    reader: UUID
    about: str
    is_made_up: bool = False

    @property
    def name(self) -> str:
        """How it is called in reports."""
        return f"{self.step.value} of {self.event.type}"


@dataclass(frozen=True)
class Shown:
    """What a reader is shown of a notice in one language: what `/v1/notices` computes, and the mail, which
    those get who see the record (None: they do not).
    """

    cases: tuple[Case, ...]
    caller: Caller
    language: str
    row: Json
    item: Json
    mail: str | None

    @property
    def name(self) -> str:
        """How it is called in reports."""
        return f"{', '.join(case.name for case in self.cases)} ({self.language})"

    @property
    def body(self) -> str:
        """The mail without its footer, or else the text in the application."""
        text: str = self.item["text"] if self.mail is None else self.mail.partition("\n\n-- \n")[0]
        return text


async def cases_of(ledger: Ledger, anybody: UUID) -> list[Case]:
    """All events of the log that notices tell of, with their types, in order: each for the person whom it
    names, or else for `anybody`.
    """
    marked = responsibility_marks(tuple(ledger.lifecycles.values()))
    types = notices.consumer(ledger, lambda: datetime.now(UTC)).types
    assert types is not None
    clocks = {row["stream"]: row["about"] for row in await ledger.db.rows(CLOCKS)}
    cases = []
    for event in await all_events(ledger):
        about = clocks.get(event.stream)
        if event.type in types:
            pending = (
                steps.pending_notices(event, marked) if about is None else steps.clock_notices(event, about)
            )
            lifecycle = ledger.lifecycles[kind_of(about or event.stream)]
            for notice in pending:
                if _has_recipients(lifecycle, notice.recipient):
                    reader = notice.recipient if isinstance(notice.recipient, UUID) else anybody
                    cases.append(Case(event, notice.step, reader, notice.record))
    return cases


def newest_of_each(cases: Iterable[Case]) -> list[Case]:
    """Of each type of event and each type of notice that tells of it the newest."""
    return list({(case.event.type, case.step): case for case in cases}.values())


async def all_events(ledger: Ledger) -> list[Recorded]:
    """All events of the log, in order."""
    return [recorded(row) for row in await ledger.db.rows(EVENTS)]


def _has_recipients(lifecycle: Lifecycle[Any], recipient: object) -> bool:
    return recipient not in OF_TICKETS or issubclass(lifecycle.record, Ticket)


def bundled(cases: Iterable[Case]) -> list[tuple[Case, ...]]:
    """The cases, those of one record and reader together, as notices bundle them."""
    bundles: dict[tuple[str, UUID], list[Case]] = {}
    for case in cases:
        bundles.setdefault((case.about, case.reader), []).append(case)
    return [tuple(sorted(each, key=lambda case: case.event.position)) for each in bundles.values()]


def busiest_records(cases: Iterable[Case]) -> list[tuple[Case, ...]]:
    """Of each kind of record the longest bundle, in which some things happen again."""
    longest: dict[str, tuple[Case, ...]] = {}
    for bundle in sorted(bundled(cases), key=len):
        longest[kind_of(bundle[0].about)] = bundle[:MOST_STEPS]
    return list(longest.values())


async def show(ledger: Ledger, bundles: Sequence[tuple[Case, ...]]) -> list[Shown]:
    """Send a notice for each bundle of cases, and show it to its reader in each language."""
    ledger.settings = ledger.settings.model_copy(update={"public_url": PUBLIC_URL})
    sent = {await send(ledger, cases): cases for cases in bundles}
    rows = await ledger.db.rows(SENT, (list(sent),))
    callers = await ledger.directory.callers({row["person_id"] for row in rows})
    rendered = []
    for reader, caller in callers.items():
        own = [row for row in rows if row["person_id"] == reader]
        for language in LANGUAGES:
            rendered += await _shown(ledger, replace(caller, locale=language), language, own, sent)
    return rendered


async def send(ledger: Ledger, cases: tuple[Case, ...]) -> UUID:
    """Send a notice of these events. Gives its id."""
    body = SendNotice(
        person=str(cases[0].reader),
        ticket=cases[0].about,
        steps=tuple(case.step for case in cases),
        versions=tuple(case.event.version for case in cases),
        streams=tuple(case.event.stream for case in cases),
        way=DeliveryMethod.in_app,
    )
    done = await act(ledger, rule_caller("tests"), "notice", "send", body=body)
    identifier: UUID = done.record.id
    return identifier


async def _shown(
    ledger: Ledger, caller: Caller, language: str, rows: Sequence[Json], sent: Mapping[UUID, tuple[Case, ...]]
) -> list[Shown]:
    columns: Columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns["person"] = [caller.person_id] * len(rows)
    renderer = NoticeRenderer(ledger, LIFECYCLE, NoticeOut, caller, language)
    rendered = []
    for row, item in zip(rows, by_row(await renderer.compute(columns)), strict=True):
        lifecycle, text = ledger.lifecycles[kind_of(row["about"])], None
        if is_visible(ledger, lifecycle, caller, row["audience"]):
            text = await mail.text_of(ledger, row, texts.steps_of([row]), caller)
        rendered.append(Shown(sent[row["id"]], caller, language, row, item, text))
    return rendered


async def digests(ledger: Ledger, notices: Iterable[Shown], *, by_record: bool) -> list[Shown]:
    """The mails of a day with all these notices, of each reader in each language; or those of each record."""
    by_reader: dict[tuple[UUID, str, str], list[Shown]] = {}
    for each in notices:
        if each.mail is not None:
            about = each.row["about"] if by_record else ""
            by_reader.setdefault((each.row["person_id"], each.language, about), []).append(each)
    mails = []
    for several in by_reader.values():
        rows = sorted((each.row for each in several), key=lambda row: (row["about"], row["id"]))
        steps_wanted = {row["id"]: texts.steps_of([row]) for row in rows}
        text = await mail.digest_of(ledger, rows, steps_wanted, several[0].caller)
        mails.append(replace(several[0], mail=text))
    return mails


async def made_up_cases(ledger: Ledger, missing: set[NoticeType], reader: UUID) -> list[Case]:
    """For types of notices that no event here has: the newest event of a kind of record that is told with
    them, one that sets what they tell of, as if it were so told.
    """
    newest = list(reversed(await all_events(ledger)))
    made_up = []
    for step in sorted(missing):
        kinds = {lifecycle.kind for lifecycle in ledger.lifecycles.values() if step in types_of(lifecycle)}
        places = {path.partition(".")[0] for path in TOLD_FIELDS.get(step, ())}
        of_kinds = [event for event in newest if kind_of(event.stream) in kinds]
        fitting = [event for event in of_kinds if places & {kind_of(key) for key in event.data["set"]}]
        made_up += [Case(event, step, reader, event.stream, True) for event in (fitting or of_kinds)[:1]]
    return made_up


def types_of(lifecycle: Lifecycle[Any]) -> set[NoticeType]:
    """The types of notices that the lifecycle names: in its table, and at the fields that give work."""
    notice_types = {rule.step for row in lifecycle.rows for rule in row.consequences.notifies}
    if Decision in lifecycle.children:
        notice_types.add(NoticeType.vote_due)
    if lifecycle.kind in POST_KINDS:
        notice_types.add(NoticeType.relieved)
    for model in (lifecycle.record, *lifecycle.children, *(row.body for row in lifecycle.rows)):
        for mark in all_marks(model):
            notice_types |= {step for step in (mark.step, mark.otherwise) if step is not None}
    return notice_types


def all_marks(model: type[BaseModel]) -> Iterator[Responsible]:
    """All marks of those who get work in the class, and in its parts."""
    yield from marks(model, Responsible).values()
    for part in part_types(model).values():
        yield from all_marks(part)
