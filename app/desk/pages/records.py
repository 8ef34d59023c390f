"""A record as pages show it: the actions that its reader can take, what belongs to it, and its timeline, with
names for what it refers to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, get_args
from urllib.parse import quote, urlencode

from app.api.open_actions import action_link
from app.api.pages.page_paths import DESK
from app.api.state_words import awaits_agreement
from app.desk.contract import ChildScreen, FileAddress
from app.desk.names import RowNames
from app.desk.pages.context import Desk, require_signed_in
from app.desk.record_lists import CURSOR, EVENTS, RecordLists
from app.desk.references import child_names, names_row, row_value
from app.desk.timeline import NarratedEvent, named_in, timeline
from app.desk.values import ShownField, record_name, record_title
from app.html.filters import link
from app.kernel.actions.describe import outcomes
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.ticketing.routes.work import VoteItem

#: Fields that the head of the page shows, or that are only for programs.
IN_THE_HEAD = frozenset({"id", "version", "number", "title", "state", "actions", "changed_at", "recorded_at"})
#: The action by which a second person agrees.
AGREE = "agree"
#: Actions by which a vote is cast.
VOTES = frozenset(get_args(VoteItem.model_fields["action"].annotation))
#: States in which a record is of no use any more, and in which its work is done.
OFF_STATES = frozenset(
    {"cancelled", "rejected", "retired", "inactive", "erased", "revoked", "withdrawn", "terminated"}
)
DONE_STATES = frozenset({"closed", "done", "completed", "resolved", "delivered", "published", "implemented"})
#: Fields by which a row with a file is called.
FILE_NAMES = ("name", "number")
#: Parameter of the page "My work": the record that its reader has just handed over and can no longer see.
HANDED_OVER = "handed_over"
#: Where the figures that a record counts in are shown.
COUNTED_IN = "/dashboard/counted_in"
#: The last segment of the address of a record's timeline.
TIMELINE = "timeline"
#: Member of a page of events: the record before the first of them, if there are earlier ones.
PRIOR_RECORD = "prior_record"
#: Fields that stand in the addresses of pages that lead further.
PAGE_WORDS = ("id", "name", "key", "number", "title")
#: Lists that decide what a page offers, so that they are read to their end: decisions, and votes on them.
READ_IN_FULL = frozenset({"decisions", "votes"})


@dataclass(frozen=True, slots=True)
class OfferedAction:
    """An action on the record: its name and label, where it leads (None: the state stays), whether it is
    sent without any form or question, the kind of row within the record that it acts on (None: on the record
    itself), and the sentence that forbids it now (None: nothing does).
    """

    name: str
    label: str
    leads_to: str | None
    is_plain: bool
    acts_on: tuple[str, Mapping[str, Any]] | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class MoreEntries:
    """Entries of a list that another page shows: its address, and what a sentence calls them. `is_above`:
    they come before the entries of this page.
    """

    address: str
    code: str = "earlier_page"
    is_above: bool = False


@dataclass(frozen=True, slots=True)
class ChildTable:
    """A list within a record, with the fields of each row, and the addresses and labels of the actions on
    it; `more` are its entries on another page.
    """

    name: str
    label: str
    rows: tuple[tuple[ShownField, ...], ...]
    links: tuple[tuple[tuple[str, str], ...], ...] = ()
    more: MoreEntries | None = None


@dataclass(frozen=True, slots=True)
class RecordList:
    """A list within the record as it was read, and the member and value of the rows that are shown; None: all
    are. `more` are the entries that were not read; None: there are none.
    """

    child: ChildScreen
    items: Sequence[Mapping[str, Any]]
    condition: tuple[str, str] | None
    more: MoreEntries | None = None

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """Return the rows that are shown."""
        name, value = self.condition or (None, None)
        return [row for row in self.items if name is None or row.get(name) == value]


@dataclass(frozen=True, slots=True)
class NamedParts:
    """A record, its timeline and its lists, with names for what they refer to; the timeline is None if the
    reader may not see the events.
    """

    record: dict[str, Any]
    entries: list[NarratedEvent] | None
    tables: list[ChildTable]


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as its reader sees it."""

    lifecycle: Lifecycle[Any]
    record: Mapping[str, Any]
    language: str
    root: str = DESK
    called: str = ""

    @property
    def name(self) -> str:
        """By what its address names it: its number, if its kind is found by numbers; else its id."""
        number = None if self.lifecycle.code is None else self.record.get("number")
        return str(number or self.record["id"])

    @property
    def spoken_name(self) -> str:
        """By what people call it."""
        return record_name(self.record, self.language) or self.called

    @property
    def title(self) -> str:
        """Subject of the record; for a record that has only a number, what tells it from others."""
        return record_title(self.record) or (self.called if self.record.get("number") else "")

    @property
    def stream(self) -> str:
        """The stream of its events."""
        return f"{self.lifecycle.kind}/{self.record['id']}"

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"{self.root}/{self.lifecycle.kind}/{self.name}"


async def read_record(
    desk: Desk, lifecycle: Lifecycle[Any], name: str, *, expanded: str | None = None
) -> RecordView:
    """Return the record of that name; the whole record that its field `expanded` refers to stands there, if
    the reader may see it. Raises CallRefused.
    """
    extras = desk.contract.record_extras(lifecycle.plural)
    parameters = {"include": ",".join(sorted(extras))} if extras else {}
    parameters |= {"expand": expanded} if expanded else {}
    record = await desk.calls.read(f"/v1/{lifecycle.plural}/{name}", parameters)
    return RecordView(lifecycle, record, desk.language, desk.root)


def offered_actions(desk: Desk, view: RecordView) -> Iterable[OfferedAction]:
    """Yield the actions that role and state allow the reader, in the order of the lifecycle's table."""
    for action in view.record.get("actions", ()):
        row = view.lifecycle[action["action"]]
        form = desk.contract.form(action_link(view.lifecycle, row).body_schema)
        yield OfferedAction(
            row.name,
            action["label"],
            _leads_to(view, row, desk.language),
            is_plain=row.name != "edit"
            and not view.lifecycle.face.is_dangerous(row.name)
            and all(field.name == "occurred_at" for field in form.fields),
            acts_on=next(((f.name, f.reference) for f in form.fields if f.reference and names_row(f)), None),
            reason=action["reason"],
        )


def _leads_to(view: RecordView, row: Action[Any, Any], language: str) -> str | None:
    """Return the labels of the states that the action can lead to from the present one; None if it stays."""
    reached = row.leads_to
    present = next((state for state in view.lifecycle.states if state == view.record.get("state")), None)
    if present is not None and len(reached) > 1:
        reached = outcomes(view.lifecycle, row, present)
        reached = () if reached == (present,) else reached
    return " / ".join(state.label(language) for state in reached) or None


def reader_pages(desk: Desk, view: RecordView, on_form_of: str = "") -> list[tuple[str, str]]:
    """Return the addresses and labels of the pages that the face names, and that are for the reader: all, or
    those that the form of that action offers.
    """
    held, state = require_signed_in(desk.request).role_codes, view.record.get("state")
    words = {name: quote(str(view.record.get(name) or "")) for name in PAGE_WORDS}
    return [
        (page.address.format_map(words), page.label.text(desk.language))
        for page in view.lifecycle.face.pages
        if not held.isdisjoint(page.roles)
        and (not page.states or state in page.states)
        and on_form_of in ("", page.on_form_of)
    ]


def state_tone(lifecycle: Lifecycle[Any], record: Mapping[str, Any]) -> str:
    """Return what kind of state the record has, for its sign and colour: `active`, `waiting`, `done` or
    `off`.
    """
    if awaits_agreement(record):
        return "waiting"
    return _tone_of(lifecycle, record.get("state"))


def _tone_of(lifecycle: Lifecycle[Any], state: str | None) -> str:
    if state is None:
        return ""
    if state in OFF_STATES:
        return "off"
    if state.endswith("on_hold") or state.startswith(("awaiting_", "deferred")):
        return "waiting"
    ended = {each.value for each in lifecycle.lookup.ended}
    return "done" if state in ended or state in DONE_STATES else "active"


def shown_fields(desk: Desk, lifecycle: Lifecycle[Any]) -> Mapping[str, Any]:
    """Return the schemas of the fields that a page shows beneath the head."""
    fields = desk.contract.record_fields(lifecycle.plural) or {}
    return {name: schema for name, schema in fields.items() if name not in IN_THE_HEAD}


async def read_lists(
    desk: Desk, view: RecordView, chosen: Iterable[tuple[ChildScreen, tuple[str, str] | None]]
) -> list[RecordList]:
    """Return those lists within the record that the reader may see, in this order; each with the member and
    the value that its rows must have to be shown, None if all are.
    """
    reads = (read_list(desk, view, child, condition) for child, condition in chosen)
    return [each for each in await asyncio.gather(*reads) if each is not None]


async def read_list(
    desk: Desk,
    view: RecordView,
    child: ChildScreen,
    condition: tuple[str, str] | None = None,
    cursor: str | None = None,
) -> RecordList | None:
    """Return the newest rows of the list within the record, or those of the page with that cursor; all that
    have the member and the value of the condition, if there is one. None if the reader may not see the list.
    """
    lists = lists_within(desk, view)
    page = await lists.newest(child.name, cursor)
    if page is None:
        return None
    is_whole = cursor is None and (condition is not None or child.name in READ_IN_FULL)
    if is_whole and page.get("next_cursor") is not None:
        return RecordList(child, await lists.all_rows(child.name), condition)
    return RecordList(child, page["items"], condition, _more_of(view, child, lists, page))


def _more_of(
    view: RecordView, child: ChildScreen, lists: RecordLists, page: Mapping[str, Any]
) -> MoreEntries | None:
    """Return the entries of the list that follow the page in the order in which it was read."""
    if page.get("next_cursor") is None:
        return None
    address = list_address(view, child.name, page["next_cursor"])
    is_above = lists.is_in_order_of_time(child.name)
    return MoreEntries(address, "earlier_page" if is_above else "further_page", is_above)


def list_address(view: RecordView, name: str, cursor: str) -> str:
    """Return the address of the page of the list, or of the timeline, with that cursor."""
    return f"{view.path}/list/{name}?{urlencode({CURSOR: cursor})}"


def lists_within(desk: Desk, view: RecordView) -> RecordLists:
    """Return the lists within the record."""
    return RecordLists(desk.calls, desk.contract, view.lifecycle.plural, str(view.record["id"]))


async def child_table(
    desk: Desk,
    view: RecordView,
    child: ChildScreen,
    possible: Sequence[OfferedAction],
    cursor: str | None = None,
) -> ChildTable | None:
    """Return the newest part of the list within the record, or the part with that cursor; None if the reader
    may not see it.
    """
    read = await read_list(desk, view, child, cursor=cursor)
    if read is None:
        return None
    return (await named_parts(desk, view, lists=[read], possible=possible)).tables[0]


async def named_parts(
    desk: Desk,
    view: RecordView,
    *,
    events: Mapping[str, Any] | None = None,
    lists: Sequence[RecordList] = (),
    possible: Sequence[OfferedAction] = (),
) -> NamedParts:
    """Return the record with the names of what it refers to, its timeline from a page of events, and its
    lists with what can be done with their rows; all names are looked up together.
    """
    names = RowNames(desk.calls, desk.contract, view.lifecycle.plural, str(view.record["id"]))
    items = [] if events is None else events["items"]
    names.add_written(items)
    for each in lists:
        names.add(each.child.name, each.items, is_complete=each.more is None)
    payloads = [named_in(event["given"], events["names"]) for event in items] if events is not None else []
    changes = (
        [named_in(event["set"].get(view.stream) or {}, events["names"]) for event in items]
        if events is not None
        else []
    )
    rows = [row for each in lists for row in each.rows]
    prior_record = (events or {}).get(PRIOR_RECORD) or {}
    record, prior_record, *named = await desk.names.replaced_in_all(
        view.lifecycle, [view.record, prior_record, *payloads, *changes, *rows], rows=names
    )
    entries = [
        {**event, "given": payload, "changed": changed}
        for event, payload, changed in zip(items, named, named[len(items) :], strict=False)
    ]
    named_rows = iter(named[2 * len(items) :])
    return NamedParts(
        record,
        None
        if events is None
        else timeline(desk.display, view.lifecycle, entries, events["names"], prior_record),
        [_table_of(desk, view, each, list(islice(named_rows, len(each.rows))), possible) for each in lists],
    )


def _table_of(
    desk: Desk,
    view: RecordView,
    record_list: RecordList,
    named: Iterable[Mapping[str, Any]],
    possible: Sequence[OfferedAction],
) -> ChildTable:
    child, condition = record_list.child, record_list.condition
    hidden = {"id", "version", None if condition is None else condition[0]}
    schemas = {name: schema for name, schema in child.fields.items() if name not in hidden}
    file = desk.contract.row_file(view.lifecycle.plural, child.name)
    rows = tuple(tuple(_linked(view, file, row, desk.display.fields(row, schemas))) for row in named)
    links = tuple(tuple(row_links(view, child, row, possible)) for row in record_list.rows)
    return ChildTable(
        child.name, child.words[desk.language], rows, links if any(links) else (), record_list.more
    )


def _linked(
    view: RecordView, file: FileAddress | None, row: Mapping[str, Any], fields: Iterable[ShownField]
) -> Iterator[ShownField]:
    """Yield the row's fields; what its file is called leads to the file. An erased file has no name."""
    for field in fields:
        if file is not None and field.name in FILE_NAMES and row.get(file.row_member):
            path = file.path.format(id=view.record["id"], row=row[file.row_member])
            yield replace(field, value=link(path, field.value))
        else:
            yield field


def named_in_vote(vote: Mapping[str, Any]) -> dict[str, str]:
    """Return what the form of a vote is filled in with: the decision, and the person whose deputy votes."""
    return {f"/{name}": vote[name] for name in ("decision", "instead_of") if vote[name]}


def row_links(
    view: RecordView, child: ChildScreen, row: Mapping[str, Any], possible: Sequence[OfferedAction]
) -> Iterator[tuple[str, str]]:
    """Yield the addresses and labels of the forms of what can be done with the row, which they name."""
    for action in possible:
        if action.acts_on is not None and child.name in child_names(action.acts_on[1]["kind"]):
            field, reference = action.acts_on
            named = urlencode({f"/{field}": row_value(reference, row)})
            yield f"{view.path}/{action.name}?{named}", action.label


async def events_of(desk: Desk, view: RecordView) -> list[NarratedEvent] | None:
    """Return the timeline of the record, the newest first; None if the reader may not see its events."""
    return (await named_parts(desk, view, events=await read_events(desk, view))).entries


async def read_events(desk: Desk, view: RecordView, cursor: str | None = None) -> Mapping[str, Any] | None:
    """Return the newest events of the record, or those of the page with that cursor, in the order of the log;
    `next_cursor` leads to earlier ones, and `prior_record` is the record before the first. None if the reader
    may not see them.
    """
    page = await lists_within(desk, view).newest(EVENTS, cursor)
    if page is None or page["next_cursor"] is None or not page["items"]:
        return page
    as_of = str(page["items"][0]["position"] - 1)
    path = f"/v1/{view.lifecycle.plural}/{view.record['id']}"
    return page | {PRIOR_RECORD: await desk.calls.read_if_allowed(path, {"as_of": as_of})}


def earlier_events(view: RecordView, events: Mapping[str, Any] | None) -> MoreEntries | None:
    """Return the events of the record before those that were read; None if there are none."""
    if events is None or events["next_cursor"] is None:
        return None
    return MoreEntries(list_address(view, TIMELINE, events["next_cursor"]))
