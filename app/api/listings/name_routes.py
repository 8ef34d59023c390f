"""Routes for records of several kinds: `/v1/search` finds them by their text, `/v1/lookup` by their names, as
forms offer them for a field, and `/v1/names` returns the names of records that others refer to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model
from starlette.responses import Response

from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.lazy_routes import typed
from app.api.listings.filters import CommaSeparated, multi_value
from app.api.listings.lists import Listing
from app.api.listings.naming import (
    NamedRecord,
    NameQuery,
    by_relevance,
    find_named,
    has_number_code,
    interleaved,
    is_named,
    newest_first,
    rank_by_words,
    records_named,
)
from app.api.listings.page_responses import VARY
from app.api.listings.searching import LONGEST, Searched
from app.api.records.reads import list_renderer_of
from app.api.records.shapes import OutputModel, Renderer
from app.api.replica_reads import reading_ledger_of, reads_replica
from app.api.requests.accept import language_for
from app.api.requests.json_output import dump_json
from app.common.components import Component
from app.common.duties import DUTY_KINDS, GivenDuty
from app.common.people import rule_caller
from app.common.records import ANY_RECORD, TICKET
from app.kernel.posts import may_name_by_post
from app.log.events import stream
from app.search.query import wait_for_index

MOST_RECORDS, USUAL_RECORDS = 50, 20
LONGEST_OFFER = 20
#: So many references are looked up at a time, of at most so many characters.
MOST_REFERENCES, LONGEST_REFERENCE = 100, 300


class RecordName(OutputModel):
    """A record, by what it is called."""

    kind: str = Field(description="Kind of the record, such as `incident`.")
    kind_label: str = Field(description="Label of the kind, in the requested language.")
    id: UUID = Field(description="Identifier of the record: a UUID that never changes.")
    number: str | None = Field(description="Number of the record; null for kinds without numbers.")
    key: str | None = Field(description="Key of the record; null for kinds without keys.")
    title: str | None = Field(
        description="Title or name of the record; null if it is not set, or if the person was erased."
    )
    state: str = Field(description="Code of the record's current state.")
    state_label: str = Field(description="Label of the state, in the requested language.")


class FoundRecord(RecordName):
    """A record that a search found."""

    opened_at: datetime | None = Field(
        description="Time by which lists of this kind are sorted: the time of opening, drafting or adding, "
        "or the beginning."
    )


class FoundRecords(OutputModel):
    """Records of all kinds that match a search."""

    items: list[FoundRecord]
    lag_seconds: float = Field(
        description="Age in seconds of the oldest event that the search does not include yet; 0 if "
        "there is no such event."
    )


class OfferedRecord(RecordName):
    """A record that can be chosen in a field."""

    value: str = Field(
        description="Value to send in a field whose `x-reference` has no `by`: the record's id, or for the "
        "kind "
        "`anything` the kind and id of a record that is no ticket."
    )
    label: str = Field(description="Text that people choose by: number and title, or the name.")
    detail: str | None = Field(
        description="A few words to distinguish records of the same name: state, key or department."
    )


class OfferedRecords(OutputModel):
    """Records that can be chosen in a field."""

    items: list[OfferedRecord]


class ReferredRecord(OutputModel):
    """A reference, and the name of the record that it stands for."""

    reference: str = Field(description="Reference, as it was sent.")
    record: RecordName | None = Field(
        description="Names of the record; null if there is no such record or the caller may not see it."
    )


class ReferredRecords(OutputModel):
    """The names of records, in the order of the references."""

    items: list[ReferredRecord]


#: A record by its kind and a name.
Reference = Annotated[
    str,
    StringConstraints(max_length=LONGEST_REFERENCE, pattern="^[a-z_]+/[^,/]+$"),
    Component("RecordReference", "Kind of a record, a slash, and a name.", "service/mail"),
]


class NamesQuery(BaseModel):
    """The query of the names of records."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    reference: Annotated[
        list[Reference],
        Field(min_length=1, max_length=MOST_REFERENCES),
        CommaSeparated,
        Field(
            description="Records, each by its kind, a slash, and its id, number or key, as in `service/mail`."
        ),
    ]


class FindQuery(BaseModel):
    """The query of a search over all kinds."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    q: Searched = Field(
        description="Words that the record must contain, all of them, in fields that the caller may read; "
        "numbers "
        "and keys also match by their beginning. An exact number or key comes first."
    )
    kind: list[str] | None = None
    match: Literal["all", "some"] = Field(
        default="all",
        description="Number of the words that a record must contain. `some` also finds articles and "
        "catalogue items that contain some words of a sentence; they come last, the best match first.",
    )
    limit: int = Field(
        default=USUAL_RECORDS, ge=1, le=MOST_RECORDS, description="Number of records to return."
    )


def _without_nul(text: str) -> str:
    return text.replace("\x00", " ").strip()


class LookupQuery(BaseModel):
    """The query of the records that a field may name."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    kind: list[str]
    q: Annotated[str, StringConstraints(max_length=LONGEST), AfterValidator(_without_nul)] = Field(
        default="",
        description="Beginning of a number or key, or words of a title or name. Without it, the first "
        "records are returned.",
    )
    open: bool = Field(
        default=False,
        description="`true` leaves out records that are closed, retired or otherwise out of use.",
    )
    process: str | None = Field(
        default=None,
        max_length=100,
        description="Process to which the records must belong, for kinds whose keys are unique within a "
        "process.",
    )
    duty: GivenDuty | None = Field(
        default=None,
        description="Duty of the field, as in its `x-reference`. Persons, teams and groups that are not "
        "eligible for it are left out.",
    )
    limit: int = Field(default=LONGEST_OFFER, ge=1, le=LONGEST_OFFER, description="Records in the answer.")


def router_of(listings: Sequence[Listing]) -> Router:
    """Return the router that finds records of these lists."""
    router = Router(prefix="/v1", tags=["search"])
    _mount_search(router, [listing for listing in listings if listing.lifecycle.lookup.searched_fields])
    _mount_lookup(router, [listing for listing in listings if is_named(listing)])
    _mount_names(router, {listing.lifecycle.kind: listing for listing in listings})
    return router


def _mount_search(router: Router, listings: Sequence[Listing]) -> None:
    @reads_replica
    async def search_records(request: Request, query: FindQuery) -> Response:
        """Search records of all kinds by their text, as `q` does in their lists. Records and fields that the
        caller may not see do not match. An exact number or key comes first, then the newest records.
        """
        lag = await wait_for_index(reading_ledger_of(request).db)
        name_query = NameQuery(query.q, query.limit)
        records: list[NamedRecord] = []
        partial: list[tuple[float, NamedRecord]] = []
        for listing in listings:
            if query.kind is None or listing.lifecycle.kind in query.kind:
                renderer = list_renderer_of(request, listing)
                records += await find_named(listing, renderer, name_query)
                if query.match == "some":
                    partial += await rank_by_words(listing, renderer, query.q)
        language = language_for(request)
        items = [
            {**_name_of(record, language), "opened_at": _instant(record.sorted_by)}
            for record in by_relevance(newest_first(records), partial)[: query.limit]
        ]
        return _answer(language, {"items": items, "lag_seconds": lag})

    kinds: Any = Literal[tuple(listing.lifecycle.kind for listing in listings)]
    kind = multi_value(
        kinds, "Kinds of records to search; all that have full-text search if left out.", most=len(listings)
    )
    query = create_model("SearchQuery", __base__=FindQuery, kind=(kind, None))
    router.endpoint(
        "/search", "Search records of all kinds", FoundRecords, refused=(400, 422), responses=in_language()
    )(typed(search_records, "query", Annotated[query, Query()]))


def _mount_lookup(router: Router, listings: Sequence[Listing]) -> None:
    @reads_replica
    async def look_up_records(request: Request, query: LookupQuery) -> Response:
        """Look up records for a field of a form while a name is typed: by number, key, title or name, of one
        or several kinds that the caller may see, or may name by a post. Records with keys are sorted by name,
        records with numbers by age, the newest first.
        """
        chosen = [
            listing
            for listing in listings
            if not _kinds_of(listing).isdisjoint(query.kind) and has_number_code(listing, query.q)
        ]
        if query.q and any(listing.lifecycle.lookup.searched_fields for listing in chosen):
            await wait_for_index(reading_ledger_of(request).db)
        name_query = NameQuery(
            query.q,
            query.limit,
            unfinished=True,
            in_use=query.open,
            process=query.process,
            duty=query.duty,
        )
        by_kind = [
            await find_named(listing, await _picker_renderer(request, listing, query.duty), name_query)
            for listing in chosen
        ]
        language = language_for(request)
        items = [
            {
                **_name_of(record, language),
                "value": _value_of(record, query.kind),
                "label": record.label(language),
                "detail": record.detail(language),
            }
            for record in interleaved(by_kind)[: query.limit]
        ]
        return _answer(language, {"items": items})

    names: Iterable[str] = (listing.lifecycle.kind for listing in listings)
    kinds: Any = Literal[(*names, TICKET, ANY_RECORD)]
    about = (
        "Kinds of records, as `x-reference` names them; `ticket` for all kinds of tickets, `anything` "
        "for all kinds with numbers."
    )
    kind = multi_value(kinds, about, most=len(listings))
    query = create_model("OfferQuery", __base__=LookupQuery, kind=(kind, ...))
    router.endpoint(
        "/lookup", "Look up records by name", OfferedRecords, refused=(400, 422), responses=in_language()
    )(typed(look_up_records, "query", Annotated[query, Query()]))


async def _picker_renderer(request: Request, listing: Listing, duty: GivenDuty | None) -> Renderer:
    """Return the renderer of what a field with that duty offers: to somebody without a role all who are
    eligible, if they name them by a post.
    """
    renderer = list_renderer_of(request, listing)
    kind, caller = listing.lifecycle.kind, renderer.caller
    if duty is None or kind not in DUTY_KINDS or caller.is_staff:
        return renderer
    ledger = renderer.ledger
    if await may_name_by_post(ledger.db.rows, ledger.lifecycles, caller, kind, duty):
        renderer.caller = rule_caller(LookupQuery.__name__)
    return renderer


def _mount_names(router: Router, listings: Mapping[str, Listing]) -> None:
    @reads_replica
    async def get_record_names(request: Request, query: NamesQuery) -> Response:
        """Return the names of records of several kinds by their ids, numbers or keys, as a page needs them
        for the records that it refers to. A record that the caller may not see is answered like one that does
        not exist.
        """
        names: dict[str, list[str]] = {}
        for reference in dict.fromkeys(query.reference):
            kind, _, name = reference.partition("/")
            names.setdefault(kind, []).append(name)
        records = {
            f"{kind}/{name}": record
            for kind, named in names.items()
            if (listing := listings.get(kind)) is not None
            for name, record in (
                await records_named(listing, list_renderer_of(request, listing), named)
            ).items()
        }
        language = language_for(request)
        items = [
            {"reference": reference, "record": _name_of(records[reference], language)}
            if reference in records
            else {"reference": reference, "record": None}
            for reference in query.reference
        ]
        return _answer(language, {"items": items})

    router.endpoint(
        "/names", "Get names of records", ReferredRecords, refused=(400, 422), responses=in_language()
    )(typed(get_record_names, "query", Annotated[NamesQuery, Query()]))


def _kinds_of(listing: Listing) -> set[str]:
    """Return the kinds as which its records can be asked for."""
    lifecycle = listing.lifecycle
    kinds = {lifecycle.kind}
    if lifecycle.is_ticket:
        kinds.add(TICKET)
    return kinds | {ANY_RECORD} if lifecycle.code is not None else kinds


def _name_of(record: NamedRecord, language: str) -> dict[str, Any]:
    return {
        "kind": record.lifecycle.kind,
        "kind_label": record.lifecycle.label(language),
        "id": record.fields["id"],
        "number": record.fields.get("number"),
        "key": record.fields.get("key"),
        "title": record.title(language),
        "state": record.fields["state"],
        "state_label": record.state_label(language),
    }


def _value_of(record: NamedRecord, kinds: Sequence[str]) -> str:
    lifecycle, record_id = record.lifecycle, str(record.fields["id"])
    if ANY_RECORD in kinds and not lifecycle.is_ticket:
        return stream(lifecycle.kind, record.fields["id"])
    return record_id


def _instant(value: Any) -> datetime | None:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None


def _answer(language: str, answer: dict[str, Any]) -> Response:
    headers = {**VARY, "Content-Language": language}
    return Response(dump_json(answer), headers=headers, media_type="application/json")
