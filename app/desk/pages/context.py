"""Context of every page of the desk: its reader, its language, its calls of operations and its rendering."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.authentication.auth import ledger_of, signed_in, utc_now
from app.api.branding.lookups import PresentBranding
from app.api.open_actions import ActionLink, action_link
from app.api.pages.page_paths import DASHBOARD, DESK, is_below
from app.api.pages.page_response import page_response
from app.api.requests.accept import language_for
from app.common.people import STAFF_ROLES, Caller, Role
from app.common.times.zones import is_zone
from app.desk.codes import CodeWords
from app.desk.contract import ScreenContract, screen_contract
from app.desk.forms.fields import FieldChoice, FormField, is_file
from app.desk.names import ReferredNames
from app.desk.navigation import NavigationArea
from app.desk.operation_calls import OperationCalls
from app.desk.pages.kept_forms import mark_of
from app.desk.values import TABLE, ValueDisplay, code_class, label_of
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import LANGUAGES
from app.i18n.kind_nouns import capitalised, nouns
from app.kernel.access.visibility import sees_every_record
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.catalogue import KPIS
from app.log import read

#: The kinds that stand in the head of each page; all others are one step away.
FIRST_KINDS = ("request", "incident", "problem", "change", "article", "improvement")
#: Where there is no live stream, a record's page asks for news so often, and other pages.
RECORD_ASKS_SECONDS, ASKS_SECONDS = 20, 60
READER_MARK_LENGTH = 24
#: The cookie in which desk.js keeps the time zone of the browser.
ZONE_COOKIE = "time_zone"
#: Keyboard shortcuts of the desk (desk.js), each with the sentence that describes it.
KEYS = (
    ("/", "key_1"),
    ("j k", "key_2"),
    ("Enter", "key_3"),
    ("n", "key_new"),
    ("t", "key_9"),
    ("r", "key_reply"),
    ("[ ]", "key_next"),
    ("x", "key_4"),
    ("Shift+x", "key_select_to"),
    ("a", "key_select_all"),
    ("f", "key_filter"),
    (".", "key_5"),
    ("g h", "key_6"),
    ("Ctrl+Enter", "key_send"),
    ("Esc", "key_7"),
    ("?", "key_8"),
)
#: Roles that the head of a page names.
MOST_ROLES = 2


@dataclass(frozen=True, slots=True)
class PageReader:
    """The signed-in person in the head of each page: their name, their roles in words, and the time zone of
    the times on the page.
    """

    name: str
    roles: str
    zone: str


@dataclass(frozen=True, slots=True)
class LiveNews:
    """The news that a page listens to: the query of `/v1/events/stream` and of `/v1/events`, and how often it
    asks where it cannot listen.
    """

    query: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Desk:
    """A page that somebody asked for, and what it is made with."""

    request: Request
    calls: OperationCalls
    display: ValueDisplay
    names: ReferredNames
    lifecycles: Mapping[str, Lifecycle[Any]]
    #: The path below which the pages stand: `/desk`, or `/portal` for requesters.
    root: str = DESK

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.display.language

    @property
    def contract(self) -> ScreenContract:
        """The contract that all screens follow."""
        return self.display.contract

    @property
    def areas(self) -> tuple[NavigationArea, ...]:
        """The areas in which people look for kinds of records."""
        areas: tuple[NavigationArea, ...] = self.request.app.state.areas
        return areas

    @property
    def keys(self) -> Sequence[tuple[str, str]]:
        """The keys that pages of the desk listen to, each with the code of its sentence."""
        return KEYS

    def lifecycle(self, kind: str) -> Lifecycle[Any]:
        """Return the lifecycle of that kind. Raises HTTPException (404)."""
        lifecycle = self.lifecycles.get(kind)
        if lifecycle is None:
            raise HTTPException(404)
        return lifecycle

    def kind_label(self, kind: str) -> str:
        """Return what one record of that kind is called."""
        return self.lifecycles[kind].label(self.language)

    def kinds_label(self, kind: str) -> str:
        """Return what several records of that kind are called."""
        lifecycle = self.lifecycles[kind]
        return lifecycle.zh if self.language == "zh" else capitalised(nouns(kind, lifecycle.plural))

    def sentence(self, code: str, **words: object) -> str:
        """Return the desk's sentence of that code."""
        return self.display.sentence(code, **words)

    def new_key(self) -> str:
        """Return an idempotency key for a form, which is sent once."""
        return str(uuid4())

    def choice_label(self, field: FormField, choice: FieldChoice) -> str:
        """Return the label of a code that can be chosen."""
        if self.language in choice.words:
            return choice.words[self.language]
        codes = code_class(self.contract, field.schema)
        return choice.code if codes is None else label_of(codes, choice.code, self.language)

    @property
    def form_mark(self) -> str:
        """The mark in a form that identifies its reader."""
        return mark_of(self.request, require_signed_in(self.request))

    @property
    def reader_mark(self) -> str:
        """Text with which a browser separates the drafts of one person from those of others."""
        fingerprint = ledger_of(self.request).vault.fingerprint
        return str(fingerprint("drafts of", require_signed_in(self.request).actor))[:READER_MARK_LENGTH]

    def in_zone(self, name: str) -> Desk:
        """Return the same page with times by the clocks of that zone; unchanged if there is no such zone."""
        if not is_zone(name):
            return self
        zone = ZoneInfo(name)
        calls = OperationCalls(self.request, self.language, zone)
        return replace(self, display=replace(self.display, zone=zone), calls=calls)

    @property
    def reader_id(self) -> str | None:
        """The id of the person who reads the page; None: it is no person."""
        person = require_signed_in(self.request).person_id
        return None if person is None else str(person)

    @property
    def is_staff(self) -> bool:
        """Whether the reader is staff, who work on what others ask for."""
        return not STAFF_ROLES.isdisjoint(require_signed_in(self.request).role_codes)

    @property
    def is_administrator(self) -> bool:
        """Whether the reader administers the installation."""
        return self.has_role(Role.admin)

    def has_role(self, role: Role) -> bool:
        """Whether the reader has the role, in whatever scope."""
        return role in require_signed_in(self.request).role_codes

    def sees_every_record_of(self, kind: str) -> bool:
        """Return whether the reader may see all records of that kind."""
        agents_see = ledger_of(self.request).settings.agents_see
        caller = require_signed_in(self.request)
        return sees_every_record(caller, self.lifecycle(kind), agents_see=agents_see)

    def link_of(self, lifecycle: Lifecycle[Any], action: str) -> ActionLink:
        """Return where the lifecycle's action of that name is sent."""
        return action_link(lifecycle, lifecycle[action])

    @property
    def branding(self) -> PresentBranding | None:
        """The name, the colour and the logo that the head shows; None: those of the product."""
        branding: PresentBranding | None = self.request.scope["state"].get("branding")
        return branding

    @property
    def reader(self) -> PageReader:
        """The reader of the page."""
        caller = require_signed_in(self.request)
        held: list[Role] = [role for role in Role if role in caller.role_codes - {Role.requester}]
        labels = [
            ledger_of(self.request).role_labels.label(role, self.language)
            for role in held or [Role.requester]
        ]
        more = f" +{len(labels) - MOST_ROLES}" if len(labels) > MOST_ROLES else ""
        name = self.request.scope["state"].get("caller_name") or self.sentence("somebody")
        return PageReader(name, f"{', '.join(labels[:MOST_ROLES])}{more}", self.display.zone.key)

    async def log_position(self) -> int:
        """Return the position of the newest event. A page asks before it reads what it shows, so that no news
        falls between. Raises DatabaseGone.
        """
        return await read.head(ledger_of(self.request).db)

    def live_news(self, position: int, *, kind: str | None = None, stream: str | None = None) -> LiveNews:
        """Return the news since that position of a page that shows this record, or records of that kind; with
        neither, all records that have numbers.
        """
        numbered = ",".join(each.kind for each in self.lifecycles.values() if each.code is not None)
        conditions = {"kind": kind or numbered} if stream is None else {"stream": stream}
        seconds = ASKS_SECONDS if stream is None else RECORD_ASKS_SECONDS
        return LiveNews(urlencode({**conditions, "after": position}), seconds)

    async def openings(self) -> Sequence[Mapping[str, Any]]:
        """Return the actions that open a record and that the reader may carry out."""
        openings_page = await self.calls.read_if_allowed("/v1/me/openings")
        return () if openings_page is None else list(openings_page["items"])

    def is_file(self, field: FormField) -> bool:
        """Return whether a file is sent for the field."""
        return is_file(field)

    def answer(self, template: str, title: str, *, status: int = 200, **values: object) -> Response:
        """Return the page made from that template of the desk, or of a folder of it; one of another package
        begins with a slash.
        """
        folder = "" if template.startswith("/") else "desk/" if "/" in template else "desk/pages/"
        html = render(
            f"{folder}{template.removeprefix('/')}",
            Wording(self.language, TABLE),
            title=title,
            desk=self,
            layout="desk/pages/page.html" if self.root == DESK else "desk/portal/page.html",
            display=self.display,
            first_kinds=[kind for kind in FIRST_KINDS if kind in self.lifecycles],
            areas_of_menu=[(area.name, area.label.text(self.language)) for area in self.areas],
            other_language=next(language for language in LANGUAGES if language != self.language),
            address=address_of(self.request),
            **values,
        )
        return page_response(self.request, html, status, {"Content-Language": self.language})


def address_of(request: Request) -> str:
    """Return the path and query that were asked for."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


class SignInNeeded(Exception):
    """Nobody is signed in: the page is shown after the sign-in."""


def require_signed_in(request: Request) -> Caller:
    """Return the caller of the page. Raises SignInNeeded."""
    caller = signed_in(request)
    if caller is None:
        raise SignInNeeded
    return caller


def open_desk(request: Request, root: str = DESK, kinds: Collection[str] | None = None) -> Desk:
    """Return the desk for the caller, with pages below that path, to which records of these kinds are linked
    (None: of all). Raises SignInNeeded.
    """
    require_signed_in(request)
    ledger, language = ledger_of(request), language_for(request)
    zone, linked = zone_of(request), ledger.lifecycles.keys() if kinds is None else kinds
    # Figures are of periods, which begin and end by the clocks of the organisation.
    now = None if is_below(request.url.path, DASHBOARD) else utc_now()
    numbered = frozenset(kind for kind, lifecycle in ledger.lifecycles.items() if lifecycle.code is not None)
    codes = code_words(ledger.lifecycles, request.app.state.adapter_titles, language)
    display = ValueDisplay(screen_contract(), language, zone, linked, numbered, root, codes, now)
    calls = OperationCalls(request, language, zone)
    names = ReferredNames(calls, display.contract, ledger.lifecycles)
    return Desk(request, calls, display, names, ledger.lifecycles, root)


def zone_of(request: Request) -> ZoneInfo:
    """Return the time zone of the reader: the person's, else the browser's, else the organisation's."""
    caller, settings = require_signed_in(request), ledger_of(request).settings
    if is_below(request.url.path, DASHBOARD):
        return ZoneInfo(settings.time_zone)
    named = (caller.time_zone, unquote(request.cookies.get(ZONE_COOKIE, "")))
    return ZoneInfo(next((name for name in named if name and is_zone(name)), settings.time_zone))


_CODE_WORDS: dict[str, CodeWords] = {}


def code_words(
    lifecycles: Mapping[str, Lifecycle[Any]], adapter_titles: Callable[[], Mapping[str, str]], language: str
) -> CodeWords:
    """Return the words for kinds, states and KPIs in that language, which are the same for all pages."""
    if language not in _CODE_WORDS:
        _CODE_WORDS[language] = CodeWords(
            language,
            {kind: lifecycle.label(language) for kind, lifecycle in lifecycles.items()},
            {
                state.value: state.label(language)
                for lifecycle in lifecycles.values()
                for state in lifecycle.states
            },
            {key: kpi.label(language) for key, kpi in KPIS.items()},
            adapter_titles(),
        )
    return _CODE_WORDS[language]
