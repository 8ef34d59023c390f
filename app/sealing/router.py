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

from app.api.authentication.auth import Ledger, caller_of
from app.api.contract.openapi import problems
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

EventId = Annotated[UUID, Path(alias="id", description="The event: its id.")]
HeadNumber = Annotated[
    int, Path(alias="number", ge=1, le=LARGEST_POSITION, description="A head: its number.")
]
EarlierNumber = Annotated[
    int, Query(alias="from", ge=1, le=LARGEST_POSITION, description="An earlier head: its number.")
]
WantedHead = Annotated[
    int | None,
    Query(
        alias="head",
        ge=1,
        le=LARGEST_POSITION,
        description="The head that it is proved by: its number. None: the newest one.",
    ),
]


class NotSealedYet(Refusal):
    """The event is younger than the head that is to prove it."""

    STATUS = 409
    CODE = "not_sealed_yet"


class ProofUnavailable(Refusal):
    """The log, or its seals, are not as the head says: a proof would not hold."""

    STATUS = 409
    CODE = "not_as_sealed"


class TreeHeadOut(OutputModel):
    """What a head of the log says; its canonical JSON (RFC 8785) is what is signed."""

    blinding: str = Field(description="SHA-256 of the secret that hides what is withheld of events.")
    installation: str = Field(description="Id of the log.")
    key: str = Field(description="The key that signs: SHA-256 of its public part.")
    next_key: str | None = Field(description="The key that signs from now on, if that is another one.")
    number: int = Field(description="Number of the head, from 1, without gaps.")
    previous: str | None = Field(description="SHA-256 of what was signed of the head before.")
    root: str = Field(description="Root of the Merkle tree (RFC 9162) over positions 1 to `size`.")
    sealed_at: datetime
    size: int = Field(description="The last position that it covers.")


class SignedHeadOut(OutputModel):
    """A signed head of the log, as it is exported."""

    head: TreeHeadOut
    public_key: str = Field(description="Ed25519, in base64.")
    signature: str = Field(description="Of the canonical JSON of `head`, by Ed25519, in base64.")


class LeafOut(OutputModel):
    """What is hashed of an event. The list of its values in the order of their names, as canonical JSON (RFC
    8785) after a byte 0, is the leaf of the tree.
    """

    actor: str
    causation_id: UUID | None
    content: str = Field(description="Hash of the stored bytes, after 32 bytes that nobody is shown.")
    correlation_id: str
    id: UUID
    occurred_at: datetime
    on_behalf_of: str | None
    position: int
    recorded_at: datetime
    schema_version: int
    source: str
    source_ref: str | None
    staff_only: bool
    stream: str
    type: str
    version: int


class EventProofOut(OutputModel):
    """The proof that an event is in the log that a head covers."""

    format: str = Field(description=f"`{PROOF_FORMAT}`.")
    head: int = Field(description="Number of the head that it is proved by.")
    leaf: LeafOut
    path: str = Field(description="Hashes from the leaf to the root, 32 bytes each, in base64.")


class ConsistencyOut(OutputModel):
    """The proof that a head goes on from an earlier one: nothing before was altered."""

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

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Heads on a page.")] = PAGE
    cursor: Annotated[str | None, Field(max_length=1000, description="`next_cursor` of the page before.")] = (
        None
    )


@router.get(
    "/events/{id}/proof",
    operation_id="get_event_proof",
    summary="Get an event's proof",
    response_model=EventProofOut,
    responses=problems(404, 409, 422),
)
async def get_event_proof(
    request: Request, ledger: Ledger, event_id: EventId, number: WantedHead = None
) -> Response:
    """Prove that the event is in the log which a signed head covers, to whoever sees the event, be it in
    part. `check_proof.py` (`GET /v1/seals/checker`) checks it offline. An event that is younger than the
    head is refused as `not_sealed_yet`.
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


@router.get(
    "/seals",
    operation_id="list_seals",
    summary="List heads of the log",
    response_model=SealPage,
    responses=problems(400, 422),
)
async def list_seals(ledger: Ledger, paging: Annotated[SealPaging, Query()]) -> Response:
    """List the signed heads of the log, the newest first. A head that comes from here proves nothing against
    whoever may rewrite this database: keep one elsewhere, or take one that was exported.
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


@router.get(
    "/seals/checker",
    operation_id="get_proof_checker",
    summary="Get the checker of proofs",
    response_class=Response,
    responses={
        200: {
            "description": "A program in Python, of one file.",
            "content": {"text/x-python": {"schema": {"type": "string"}}},
        },
        **problems(),
    },
)
async def get_proof_checker() -> Response:
    """Return the program that checks proofs offline. Whoever trusts this service with nothing takes it from
    the project's repository, or writes it: docs/proofs.md says all that it needs.
    """
    return Response(CHECKER.read_bytes(), media_type="text/x-python; charset=utf-8")


@router.get(
    "/seals/{number}",
    operation_id="get_seal",
    summary="Get a head of the log",
    response_model=SignedHeadOut,
    responses=problems(404, 422),
)
async def get_seal(ledger: Ledger, number: HeadNumber) -> Response:
    """Return a signed head of the log, as it is exported."""
    async with ledger.db.connection() as connection:
        return _json((await _known_head(connection, number)).members())


@router.get(
    "/seals/{number}/consistency",
    operation_id="get_seal_consistency",
    summary="Prove a head's consistency",
    response_model=ConsistencyOut,
    responses=problems(404, 409, 422),
)
async def get_seal_consistency(ledger: Ledger, number: HeadNumber, earlier_number: EarlierNumber) -> Response:
    """Prove that the head goes on from an earlier one: that nothing which that covers was altered since."""
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
    """Return the head of that number, or the newest one; None: there is none yet. Raises NotFound."""
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
