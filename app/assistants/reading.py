"""Tools that read: find records, read one with its history, and what the catalogue offers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from app.assistants.arguments import CatalogueArguments, FindArguments, ReadArguments
from app.assistants.contract import ActionOperation, KindOperations
from app.assistants.fitting import fits, size_of
from app.assistants.sessions import AssistantSession, ToolRefused

#: Fields that describe a record, in this order; lists show the ones that the kind has.
SUMMARY = (
    *(
        "id",
        "version",
        "number",
        "key",
        "title",
        "name",
        "title_en",
        "title_zh",
        "name_en",
        "name_zh",
        "state",
    ),
    *("priority", "service", "team", "assignee", "opened_at", "drafted_at", "added_at", "due_at"),
)
RECORD, HISTORY = "record", "history"
EVENTS_ON_A_PAGE = 50
ENTRIES_ON_A_PAGE = 50
#: Amount that is read at a time, in characters or entries; and in bytes, so that an entry is never cut.
PIECE, LARGEST_PIECE = 16_000, 20_000
#: Fields of an event that are only about the machinery.
MACHINERY = frozenset({"id", "schema_version", "correlation_id", "causation_id", "stream"})

Fetch = Callable[[int], Awaitable[dict[str, Any]]]


async def whole_page(fetch: Fetch, limit: int) -> dict[str, Any]:
    """Return a page with as many of its entries as fit an answer, at least one, uncut as far as possible."""
    page = await fetch(limit)
    while limit > 1 and not fits(page):
        limit = max(1, limit // 3)
        page = await fetch(limit)
    return page


def kind_of(session: AssistantSession, kind: str) -> KindOperations:
    """Return the operations of that kind. Raises ToolRefused."""
    operations: KindOperations = session.require(kind, session.contract.kinds, "unknown_kind")
    return operations


def action_of(session: AssistantSession, kind: KindOperations, name: str) -> ActionOperation:
    """Return the kind's action of that name. Raises ToolRefused."""
    action: ActionOperation = session.require(name, kind.actions, "unknown_action")
    return action


def chosen(
    session: AssistantSession, filters: Mapping[str, str | list[str]], accepted: Mapping[str, Any]
) -> dict[str, str]:
    """Return the filters as query parameters. Raises ToolRefused."""
    for name in filters:
        session.require(name, accepted, "unknown_filter")
    return {name: texts if isinstance(texts, str) else ",".join(texts) for name, texts in filters.items()}


async def find_records(session: AssistantSession, arguments: FindArguments) -> dict[str, Any]:
    """Find records of a kind, or of all kinds by their words."""
    if arguments.kind is None:
        return await _search(session, arguments)
    kind = kind_of(session, arguments.kind)
    listing = session.contract.screens.listing(kind.plural)
    if listing is None:
        raise ToolRefused(session.sentence("no_list", kind=kind.kind))
    parameters = chosen(session, arguments.filters, session.contract.filters(kind.kind))
    accepted = session.contract.query(kind.path)
    if "fields" in accepted:
        parameters["fields"] = ",".join(name for name in SUMMARY if name in listing.fields)
    if arguments.text is not None:
        session.require("q", accepted, "not_searched")
        parameters["q"] = arguments.text
    if arguments.sort is not None:
        session.require(arguments.sort, dict.fromkeys(listing.sorts), "unknown_sort")
        parameters["sort"] = arguments.sort
    if arguments.cursor is not None:
        parameters["cursor"] = arguments.cursor

    async def fetch(limit: int) -> dict[str, Any]:
        paged = {"limit": str(limit)} if "limit" in accepted else {}
        return await session.read(kind.path, {**parameters, **paged})

    page = await whole_page(fetch, arguments.limit)
    return {
        "kind": kind.kind,
        "records": [_summarised(session, kind.kind, record) for record in page["items"]],
        "next_cursor": page.get("next_cursor"),
    }


async def _search(session: AssistantSession, arguments: FindArguments) -> dict[str, Any]:
    if arguments.text is None or arguments.filters or arguments.sort or arguments.cursor:
        raise ToolRefused(session.sentence("kind_or_text"), kinds=sorted(session.contract.kinds))
    hits = await session.read("/v1/search", {"q": arguments.text, "limit": str(arguments.limit)})
    return {"records": [{**hit, "link": session.link(hit["kind"], _name(hit))} for hit in hits["items"]]}


def _summarised(session: AssistantSession, kind: str, record: Mapping[str, Any]) -> dict[str, Any]:
    described = {name: part for name, part in record.items() if name in SUMMARY and part is not None}
    return {**described, "link": session.link(kind, _name(record))}


def _name(record: Mapping[str, Any]) -> str:
    return str(record.get("number") or record["id"])


async def read(session: AssistantSession, arguments: ReadArguments) -> dict[str, Any]:
    """Read a record, its history, or one of its lists, page by page."""
    kind = kind_of(session, arguments.kind)
    path = f"{kind.path}/{arguments.id}"
    if arguments.part == RECORD:
        document = await _record(session, kind, path)
    elif arguments.part == HISTORY:
        document = await _history(session, f"{path}/events", arguments.cursor)
    else:
        lists = session.contract.lists(kind.kind)
        session.require(arguments.part, {RECORD: "", HISTORY: "", **lists}, "unknown_part")
        document = await _list(
            session, f"{path}/{arguments.part}", f"{kind.path}/{{id}}/{arguments.part}", arguments
        )
    return (
        document
        if arguments.pointer is None
        else _read_on(session, document, arguments.pointer, arguments.offset)
    )


async def _record(session: AssistantSession, kind: KindOperations, path: str) -> dict[str, Any]:
    record = await session.read(path)
    described = {name: part for name, part in record.items() if part is not None and name != "actions"}
    return {
        "kind": kind.kind,
        RECORD: described,
        "actions": [action["action"] for action in record.get("actions") or () if action["open"]],
        "lists": [HISTORY, *session.contract.lists(kind.kind)],
        "link": session.link(kind.kind, _name(record)),
    }


async def _history(session: AssistantSession, path: str, cursor: str | None) -> dict[str, Any]:
    async def fetch(limit: int) -> dict[str, Any]:
        paged = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        page = await session.read(path, paged)
        return {
            "events": [_shorten_event(event) for event in page["items"]],
            "names": page["names"],
            "next_cursor": page["next_cursor"],
        }

    return await whole_page(fetch, EVENTS_ON_A_PAGE)


def _shorten_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event without fields of the machinery, and without empty fields."""
    return {
        name: part
        for name, part in event.items()
        if name not in MACHINERY and part not in (None, [], {}, False)
    }


async def _list(
    session: AssistantSession, path: str, declared: str, arguments: ReadArguments
) -> dict[str, Any]:
    accepted = session.contract.query(declared)
    cursor = {} if arguments.cursor is None else {"cursor": arguments.cursor}

    async def fetch(limit: int) -> dict[str, Any]:
        page = await session.read(path, cursor | ({"limit": str(limit)} if "limit" in accepted else {}))
        return {arguments.part: page["items"], "next_cursor": page.get("next_cursor")}

    return await whole_page(fetch, ENTRIES_ON_A_PAGE)


def _read_on(session: AssistantSession, document: Any, pointer: str, offset: int) -> dict[str, Any]:
    """Return what stands at the pointer, from the offset on. Raises ToolRefused."""
    part = document
    for name in pointer.split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901 - as RFC 6901 reads it
        if isinstance(part, dict) and name in part:
            part = part[name]
        elif isinstance(part, list) and name.isdecimal() and len(name) < 7 and int(name) < len(part):
            part = part[int(name)]
        else:
            raise ToolRefused(session.sentence("nothing_there", at=pointer))
    if not isinstance(part, (str, list)):
        return {"at": pointer, "part": part}
    length = PIECE
    while length > 1 and size_of(part[offset : offset + length]) > LARGEST_PIECE:
        length //= 2
    end = offset + length
    next_offset = end if end < len(part) else None
    return {"at": pointer, "piece": part[offset:end], "next_offset": next_offset}


async def catalogue(session: AssistantSession, arguments: CatalogueArguments) -> dict[str, Any]:
    """Show what can be asked for, or how one item of it is."""
    if arguments.item is not None:
        return await _item(session, arguments.item)
    parameters = {"state": "offered", "sort": "key"}
    if arguments.text is not None:
        parameters["q"] = arguments.text
    if arguments.cursor is not None:
        parameters["cursor"] = arguments.cursor
    page = await whole_page(
        lambda limit: session.read("/v1/catalogue_items", {**parameters, "limit": str(limit)}),
        ENTRIES_ON_A_PAGE,
    )
    offered = [
        {
            "item": each["key"],
            "service": each["service"],
            "title": each[f"title_{session.language}"],
            "description": each[f"description_{session.language}"],
        }
        for each in page["items"]
    ]
    return {"items": offered, "next_cursor": page["next_cursor"], "how": session.sentence("how_to_ask")}


async def _item(session: AssistantSession, key: str) -> dict[str, Any]:
    offered = await session.read(f"/v1/catalogue_items/{key}")
    facts = ("scope", "limits", "delivery_standard", "target_seconds")
    return {
        "item": offered["key"],
        "title": offered[f"title_{session.language}"],
        "description": offered[f"description_{session.language}"],
        **{name: offered[name] for name in facts if offered.get(name) is not None},
        "answers": offered["form"],
        "required": session.contract.form("request", "submit").get("required", []),
        "how": session.sentence("how_to_ask"),
        "link": f"{session.address}/portal/catalogue_item/{offered['key']}",
    }
