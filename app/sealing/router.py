"""Routes of proofs: the proof of an event, and the signed heads of the log."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of
from app.api.direct import Router
from app.api.listings.cursors import read as read_cursor
from app.api.listings.cursors import write as write_cursor
from app.api.listings.list_queries import LARGEST_POSITION
from app.api.records.shapes import OutputModel
from app.api.requests.json_output import dump_json
from app.kernel.actions.refusals import NotFound, Refusal
from app.kernel.histories.feed import EventFilter, PositionSpan, read_slice
from app.sealing import store
from app.sealing.prove import CONSISTENCY_FORMAT, PROOF_FORMAT, ProofFailed, prove_consistency, prove_event
from app.sealing.signed_heads import SignedHead

router = Router(prefix="/v1", tags=["proofs"])
LARGEST_PAGE, PAGE = 200, 50
CHECKER = FilePath(__file__).with_name("check_proof.py")
POSITION_OF = "select position from log.event where id = %s"

EventId = Annotated[UUID, Path(alias="id", description="Identifier of the event.")]
HeadNumber = Annotated[
    int, Path(alias="number", ge=1, le=LARGEST_POSITION, description="Number of the head.")
]
EarlierNumber = Annotated[
    int, Query(alias="from", ge=1, le=LARGEST_POSITION, description="Number of the earlier head.")
]
WantedHead = Annotated[
    int | None,
    Query(
        alias="head",
        ge=1,
        le=LARGEST_POSITION,
        description="Number of the head that proves the event; if left out, the newest head.",
    ),
]


class NotSealedYet(Refusal):
    """The event is younger than the head that is to prove it."""

    STATUS = 409
    CODE = "not_sealed_yet"


class ProofUnavailable(Refusal):
    """The log, or its seals, differ from the head: a proof would not hold."""

    STATUS = 409
    CODE = "not_as_sealed"


class TreeHeadOut(OutputModel):
    """The content of a head of the log. Its canonical JSON (RFC 8785) is what is signed."""

    blinding: str = Field(description="SHA-256 digest of the secret that hides the withheld parts of events.")
    installation: str = Field(description="Identifier of the log.")
    key: str = Field(description="Key that signed the head: SHA-256 digest of its public part.")
    next_key: str | None = Field(
        description="Key that signs from now on, if it changes; null if it does not."
    )
    number: int = Field(description="Number of the head, from 1, without gaps.")
    previous: str | None = Field(
        description="SHA-256 digest of the signed content of the previous head; null for the first head."
    )
    root: str = Field(description="Root of the Merkle tree (RFC 9162) over the positions 1 to `size`.")
    sealed_at: datetime = Field(description="Time at which the head was signed.")
    size: int = Field(description="Last position of the log that the head covers.")


class SignedHeadOut(OutputModel):
    """A signed head of the log, as it is exported."""

    head: TreeHeadOut
    public_key: str = Field(description="Public key (Ed25519) in base64.")
    signature: str = Field(description="Signature (Ed25519) of the canonical JSON of `head`, in base64.")


class LeafOut(OutputModel):
    """The hashed content of an event. The leaf of the tree is a byte 0 followed by the canonical JSON (RFC
    8785) of the list of these values, in the order of their names.
    """

    actor: str = Field(description="Author of the event, as in `actor` of an event.")
    causation_id: UUID | None = Field(
        description="Identifier of the event that led to this one; null if a request did."
    )
    content: str = Field(description="Hash of the stored bytes after 32 secret bytes.")
    correlation_id: str = Field(description="Identifier of the request that led to the event.")
    id: UUID
    occurred_at: datetime = Field(description="Time at which the event happened.")
    on_behalf_of: str | None = Field(
        description="Person on whose behalf the author acted; null if the author acted for themselves."
    )
    position: int = Field(description="Place of the event in the whole log, from 1.")
    recorded_at: datetime = Field(description="Time at which the log recorded the event.")
    schema_version: int = Field(description="Version of the schema of the event's data.")
    source: str = Field(description="Channel or tool through which the event arrived.")
    source_ref: str | None = Field(
        description="Identifier of the event in its source system; null if it has none."
    )
    staff_only: bool = Field(description="True if only staff may see the event.")
    stream: str = Field(description="Stream of the event, in the form `<kind>/<id>`.")
    type: str = Field(description="Type of the event, in the form `<kind>.<past tense>`.")
    version: int = Field(description="Place of the event in its stream, from 1.")


class EventProofOut(OutputModel):
    """The proof that an event is in the log that a head covers."""

    format: str = Field(description=f"`{PROOF_FORMAT}`.")
    head: int = Field(description="Number of the head that proves the event.")
    leaf: LeafOut
    path: str = Field(description="Hashes from the leaf to the root, 32 bytes each, in base64.")


class ConsistencyOut(OutputModel):
    """The proof that a head continues an earlier one, so that nothing before it was altered."""

    format: str = Field(description=f"`{CONSISTENCY_FORMAT}`.")
    earlier: SignedHeadOut
    later: SignedHeadOut
    path: str = Field(description="Hashes of the proof, 32 bytes each, in base64.")


class SealPage(OutputModel):
    """Signed heads of the log, the newest first."""

    items: list[SignedHeadOut]
    next_cursor: str | None


class SealPaging(BaseModel):
    """The page of heads that is asked for."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Number of heads on a page.")] = PAGE
    cursor: Annotated[str | None, Field(max_length=1000, description="`next_cursor` of the page before.")] = (
        None
    )


@router.endpoint("/events/{id}/proof", "Get an event's proof", EventProofOut, refused=(404, 409, 422))
async def get_event_proof(
    request: Request, ledger: RequestLedger, event_id: EventId, number: WantedHead = None
) -> Response:
    """Return the proof that the event is in the log covered by a signed head, for callers who may see the
    event at least in part. `check_proof.py` (`GET /v1/seals/checker`) checks the proof offline. An event that
    is newer than the head is refused as `not_sealed_yet`.
    """
    position = await ledger.db.value(POSITION_OF, (event_id,))
    if position is None:
        raise NotFound()
    span = PositionSpan(position - 1, position)
    visible_slice = await read_slice(ledger, caller_of(request), EventFilter(), span, 1, forward=True)
    if not visible_slice.events:
        raise NotFound()
    async with ledger.db.connection() as connection:
        signed = await _head(connection, number)
        if signed is None or signed.head.size < position:
            raise NotSealedYet()
        try:
            proof = await prove_event(connection, position, signed)
        except ProofFailed as error:
            raise ProofUnavailable() from error
    return Response(proof.document(), media_type="application/json")


@router.endpoint("/seals", "List heads of the log", SealPage, refused=(400, 422))
async def list_seals(ledger: RequestLedger, paging: Annotated[SealPaging, Query()]) -> Response:
    """List the signed heads of the log, the newest first. A head from this address does not protect against
    somebody who can rewrite this database: keep a copy elsewhere, or use an exported head.
    """
    sign, before = ledger.vault.fingerprint, LARGEST_POSITION
    if paging.cursor is not None:
        (before,) = read_cursor(paging.cursor, "seals", sign)
    async with ledger.db.connection() as connection:
        heads = await store.heads_before(connection, before, paging.limit + 1)
    cursor = None
    if len(heads) > paging.limit:
        heads = heads[: paging.limit]
        cursor = write_cursor([heads[-1].head.number], "seals", sign)
    return _json({"items": [signed.members() for signed in heads], "next_cursor": cursor})


@router.endpoint(
    "/seals/checker",
    "Get the checker of proofs",
    responses={
        200: {
            "description": "A Python program in a single file.",
            "content": {"text/x-python": {"schema": {"type": "string"}}},
        }
    },
)
async def get_proof_checker() -> Response:
    """Return the program that checks proofs offline. If you do not trust this service, take the program from
    the project's repository, or write your own: docs/proofs.md has everything it needs.
    """
    return Response(CHECKER.read_bytes(), media_type="text/x-python; charset=utf-8")


@router.endpoint("/seals/{number}", "Get a head of the log", SignedHeadOut, refused=(404, 422))
async def get_seal(ledger: RequestLedger, number: HeadNumber) -> Response:
    """Return a signed head of the log, as it is exported."""
    async with ledger.db.connection() as connection:
        return _json((await _known_head(connection, number)).members())


@router.endpoint(
    "/seals/{number}/consistency", "Get the consistency of a head", ConsistencyOut, refused=(404, 409, 422)
)
async def get_seal_consistency(
    ledger: RequestLedger, number: HeadNumber, earlier_number: EarlierNumber
) -> Response:
    """Return the proof that the head continues an earlier one, so that no event before it was altered."""
    async with ledger.db.connection() as connection:
        earlier, later = await _known_head(connection, earlier_number), await _known_head(connection, number)
        if earlier.head.size > later.head.size:
            raise NotFound()
        try:
            path = await prove_consistency(connection, earlier, later)
        except ProofFailed as error:
            raise ProofUnavailable() from error
    members: dict[str, Any] = {
        "format": CONSISTENCY_FORMAT,
        "path": base64.b64encode(b"".join(path)).decode(),
    }
    return _json(members | {"earlier": earlier.members(), "later": later.members()})


async def _head(connection: Any, number: int | None) -> SignedHead | None:
    """Return the head of that number, or the newest one; None before the first. Raises NotFound."""
    if number is None:
        return await store.newest_head(connection)
    return await _known_head(connection, number)


async def _known_head(connection: Any, number: int) -> SignedHead:
    signed = await store.head_of_number(connection, number)
    if signed is None:
        raise NotFound()
    return signed


def _json(members: dict[str, Any]) -> Response:
    return Response(dump_json(members), media_type="application/json")
