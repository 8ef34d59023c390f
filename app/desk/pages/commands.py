"""The command bar and the search: records by number and words, people, actions that open a record, and pages;
and the page with all kinds by area.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.desk.homes import HOMES
from app.desk.operation_calls import CallAnswer
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.screens import opening_heading
from app.desk.pages.homes import reader_roles
from app.desk.pages.records import RecordView

router = Router(include_in_schema=False)
#: The most of each group in the command bar, and records on the page of the search.
MOST_SUGGESTED, MOST_FOUND = 5, 50
#: A number as people read it aloud, with or without its kind and year.
DIGITS = re.compile(r"\d{1,6}")
NUMBER = re.compile(r"[A-Za-z]{3}-\d{4}-\d{1,6}")
#: Numbers of this year and the one before are found by their last digits.
YEARS = 2
#: The page on which a reader types, as htmx names it, and the path of a record's page or form.
CURRENT_PAGE = "hx-current-url"
RECORD_PATH = re.compile(r"/desk/([a-z_]+)/([A-Za-z0-9][A-Za-z0-9-]*)(?:/.*)?")
#: Pages that only administrators may open.
OF_ADMINISTRATORS = frozenset({"/desk/administration", "/desk/first-steps"})
#: Actions that are offered if nothing was found.
MOST_NEXT_STEPS = 3
#: Pages that are no lists, by the codes of their sentences.
PAGES = (
    ("/desk", "my_work"),
    ("/desk/due", "due_page"),
    ("/desk/changes", "changes_page"),
    ("/dashboard", "dashboard"),
    ("/dashboard/committee", "committee_page"),
    ("/desk/absence?state=planned", "who_is_away"),
    ("/desk/new/absence/plan", "i_am_away"),
    ("/desk/administration", "administration"),
    ("/desk/all", "all_kinds"),
    ("/desk/first-steps", "first_steps"),
    ("/desk/settings/mail", "mail_settings"),
    ("/desk/settings/sign-in", "sign_in_settings"),
    ("/portal", "portal_page"),
)


@dataclass(frozen=True, slots=True)
class CommandSuggestion:
    """Something to go to: its address, what it is called, and the sort of thing that it is."""

    address: str
    label: str
    sort: str


@dataclass(frozen=True, slots=True)
class SuggestedGroup:
    """Suggestions of one sort under their heading."""

    label: str
    suggestions: Sequence[CommandSuggestion]


@router.get("/desk/all")
async def get_all_kinds_page(request: Request) -> Response:
    """Return the page that lists all kinds of records by area."""
    desk = open_desk(request)
    areas = []
    for area in desk.areas:
        labelled = sorted((desk.kinds_label(kind), kind) for kind in area.kinds)
        areas.append((area.name, area.label.text(desk.language), labelled))
    return desk.answer("all.html", desk.sentence("all_kinds"), areas=areas, openings=await desk.openings())


@router.get("/desk/search")
async def get_search_page(request: Request, q: str = "") -> Response:
    """Return what is found of all kinds; a record whose number was typed is opened at once."""
    desk, typed = open_desk(request), normalize("NFKC", q).strip()
    numbered = await _numbered(desk, typed)
    if len(numbered) == 1 and NUMBER.fullmatch(typed):
        return RedirectResponse(numbered[0].address, HTTP_303_SEE_OTHER)
    search = await _search(desk, typed, MOST_FOUND) if typed else None
    groups = [group async for group in _groups(desk, typed, numbered)] if typed else []
    problem = search.document if search is not None and not search.is_success else None
    return desk.answer(
        "search.html",
        desk.sentence("search"),
        searched=q,
        groups=groups,
        hits=[hit for hit in _hits(search) if _of_hit(desk, hit).address not in _addresses(groups)],
        next_steps=await _next_steps(desk) if typed and not groups else (),
        problem=None if groups else problem,
    )


@router.get("/desk/commands")
async def get_commands(request: Request, q: str = "") -> Response:
    """Return what the command bar suggests for the typed words."""
    desk, typed = open_desk(request), normalize("NFKC", q).strip()[:200]
    groups: list[SuggestedGroup] = []
    next_steps: list[CommandSuggestion] = []
    if typed:
        numbered, search = await asyncio.gather(_numbered(desk, typed), _search(desk, typed, MOST_SUGGESTED))
        groups = [group async for group in _groups(desk, typed, numbered)]
        records = [_of_hit(desk, hit) for hit in _hits(search)]
        records = [each for each in records if each.address not in _addresses(groups)]
        groups.insert(1 if numbered else 0, SuggestedGroup(desk.sentence("found_records"), records))
        groups.insert(0, SuggestedGroup(desk.sentence("actions"), await _of_open_record(desk, typed)))
        groups = [group for group in groups if group.suggestions]
        next_steps = [] if groups else await _next_steps(desk)
    return desk.answer("commands.html", "", groups=groups, searched=typed, next_steps=next_steps)


async def _next_steps(desk: Desk) -> list[CommandSuggestion]:
    """Return what those who find nothing can begin."""
    return list(_actions(desk, "", await desk.openings()))[:MOST_NEXT_STEPS]


async def _of_open_record(desk: Desk, typed: str) -> list[CommandSuggestion]:
    """Return the possible actions on the record whose page is open that have all the typed words in their
    names.
    """
    path = urlsplit(desk.request.headers.get(CURRENT_PAGE, "")).path
    open_page = RECORD_PATH.fullmatch(path)
    lifecycle = None if open_page is None else desk.lifecycles.get(open_page[1])
    if open_page is None or lifecycle is None:
        return []
    record = await desk.calls.read_if_allowed(f"/v1/{lifecycle.plural}/{open_page[2]}")
    if record is None:
        return []
    view = RecordView(lifecycle, record, desk.language)
    called = view.spoken_name or desk.kind_label(lifecycle.kind)
    return [
        CommandSuggestion(f"{view.path}/{action['action']}", action["label"], called)
        for action in record.get("actions", ())
        if action["reason"] is None and _has_words(f"{action['label']} {action['action']}", typed)
    ][:MOST_SUGGESTED]


async def _groups(
    desk: Desk, typed: str, numbered: Sequence[CommandSuggestion]
) -> AsyncIterator[SuggestedGroup]:
    """Yield what is found besides records by their words: by number, people, actions and pages."""
    if numbered:
        yield SuggestedGroup(desk.sentence("by_number"), numbered)
    for label, suggestions in (
        ("actions", _actions(desk, typed, await desk.openings())),
        ("pages", _pages(desk, typed)),
    ):
        if first := list(suggestions)[:MOST_SUGGESTED]:
            yield SuggestedGroup(desk.sentence(label), first)
    if people := await _people(desk, typed):
        yield SuggestedGroup(desk.sentence("people"), people)


def _addresses(groups: Iterable[SuggestedGroup]) -> set[str]:
    return {each.address for group in groups for each in group.suggestions}


async def _search(desk: Desk, typed: str, limit: int) -> CallAnswer:
    parameters = {"q": typed, "match": "some", "limit": str(limit)}
    return await desk.calls.send("GET", "/v1/search", parameters=parameters)


def _hits(search: CallAnswer | None) -> Sequence[Mapping[str, Any]]:
    return search.document["items"] if search is not None and search.is_success else []


def _of_hit(desk: Desk, hit: Mapping[str, Any]) -> CommandSuggestion:
    kind = desk.kind_label(hit["kind"])
    called = " ".join(str(hit[name]) for name in ("number", "title") if hit.get(name))
    address = desk.display.address(hit["kind"], hit["number"], hit["id"])
    state = hit.get("state_label")
    return CommandSuggestion(
        address, called or hit.get("key") or kind, f"{kind} · {state}" if state else kind
    )


async def _numbered(desk: Desk, typed: str) -> list[CommandSuggestion]:
    """Return the records whose number was typed, in full or by its last digits."""
    if NUMBER.fullmatch(typed):
        code, year, count = typed.upper().split("-")
        numbers = {code: [f"{code}-{year}-{int(count):06}"]}
    elif DIGITS.fullmatch(typed):
        years = [utc_now().year - back for back in range(YEARS)]
        codes = [each.code for each in desk.lifecycles.values() if each.code is not None]
        numbers = {code: [f"{code}-{year}-{int(typed):06}" for year in years] for code in codes}
    else:
        return []
    named = [
        f"{kind}/{number}"
        for kind, lifecycle in desk.lifecycles.items()
        for number in numbers.get(lifecycle.code or "", ())
    ]
    answer = await desk.calls.send("GET", "/v1/names", parameters={"reference": ",".join(named)})
    if not named or not answer.is_success:
        return []
    records = [
        (name, item["record"])
        for name, item in zip(named, answer.document["items"], strict=True)
        if item["record"] is not None
    ]
    return [
        _of_hit(desk, {"kind": name.partition("/")[0], "id": name.partition("/")[2], **record})
        for name, record in records
    ]


async def _people(desk: Desk, typed: str) -> list[CommandSuggestion]:
    parameters = {"kind": "person", "q": typed, "limit": str(MOST_SUGGESTED)}
    answer = await desk.calls.send("GET", "/v1/lookup", parameters=parameters)
    items = answer.document["items"] if answer.is_success else ()
    kind_label = desk.kind_label("person")
    return [
        CommandSuggestion(f"{desk.root}/person/{item['id']}", item["label"], kind_label) for item in items
    ]


def _actions(desk: Desk, typed: str, openings: Iterable[Mapping[str, Any]]) -> Iterator[CommandSuggestion]:
    """Yield the actions that open a record and have all the typed words in their label or kind."""
    for opening in openings:
        label, kind = opening["label"], opening["kind_label"]
        lifecycle = desk.lifecycles[opening["kind"]]
        heading = opening_heading(lifecycle, lifecycle[opening["action"]], desk.language)
        if _has_words(f"{heading} {label} {kind} {desk.sentence('new')}", typed):
            address = f"{desk.root}/new/{opening['kind']}/{opening['action']}"
            yield CommandSuggestion(address, heading, desk.sentence("new"))


def _pages(desk: Desk, typed: str) -> Iterator[CommandSuggestion]:
    """Yield the pages, and the lists of kinds, that have all the typed words in their names."""
    named = [(address, desk.sentence(code)) for address, code in PAGES]
    named += [
        (page.address, page.label.text(desk.language))
        for role in reader_roles(desk)
        for page in HOMES[role].pages
    ]
    for address, label in dict(named).items():
        if address in OF_ADMINISTRATORS and not desk.is_administrator:
            continue
        if _has_words(label, typed):
            yield CommandSuggestion(address, label, desk.sentence("page"))
    for kind in desk.lifecycles:
        label = desk.kinds_label(kind)
        if _has_words(label, typed):
            yield CommandSuggestion(f"{desk.root}/{kind}", label, desk.sentence("list"))


def _has_words(text: str, typed: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in typed.casefold().split())
