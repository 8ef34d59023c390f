"""Reads that actions on requests need before they are decided."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.processes.requests.acceptance.groups import accepting, of_the_business
from app.processes.requests.payloads import CheckQualityRequest
from app.processes.requests.records import Criterion, QualityCheck, Request


@dataclass(frozen=True, slots=True)
class CurrentCriteria:
    """The acceptance criteria that are in force."""

    criteria: tuple[Criterion, ...]


async def current_criteria(
    reads: ReadContext, request: Request, body: object, ctx: ActionContext
) -> CurrentCriteria:
    """Find the acceptance criteria that are in force."""
    criteria = await reads.children(Criterion, request)
    return CurrentCriteria(tuple(criterion for criterion in criteria if criterion.dropped_at is None))


@dataclass(frozen=True, slots=True)
class CurrentChecks:
    """The quality checks of the current plan."""

    checks: tuple[QualityCheck, ...]


async def current_checks(
    reads: ReadContext, request: Request, body: object, ctx: ActionContext
) -> CurrentChecks:
    """Find the quality checks of the current plan."""
    checks = await reads.children(QualityCheck, request)
    return CurrentChecks(tuple(check for check in checks if check.dropped_at is None))


@dataclass(frozen=True, slots=True)
class KnownCheckpoint:
    """The name of the checkpoint in the payload, as an earlier check of the plan wrote it."""

    name: str


async def known_checkpoint(
    reads: ReadContext, request: Request, body: CheckQualityRequest, ctx: ActionContext
) -> KnownCheckpoint:
    """Find the checkpoint: width, case, blanks and punctuation make no other name, so that a check that was
    not passed is not left behind by another spelling.
    """
    names = [
        str(check.checkpoint)
        for check in await reads.children(QualityCheck, request)
        if check.dropped_at is None and folded_name(str(check.checkpoint)) == folded_name(body.checkpoint)
    ]
    return KnownCheckpoint(names[0] if names else body.checkpoint)


def folded_name(name: str) -> str:
    """Return the letters and digits of the name, in one width and case."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum())


@dataclass(frozen=True, slots=True)
class BusinessReviewers:
    """The persons who may review the solution for the business, in order of id."""

    persons: tuple[UUID, ...]


async def business_reviewers(
    reads: ReadContext, request: Request, body: object, ctx: ActionContext
) -> BusinessReviewers:
    """Find the active members of the acceptance group who may review the solution for the business; they
    become followers and so can see the request.
    """
    return BusinessReviewers(tuple(sorted(await reads.active(await of_the_business(reads, request)))))


@dataclass(frozen=True, slots=True)
class Acceptors:
    """The persons who may accept the request, in order of id."""

    persons: tuple[UUID, ...]


async def acceptors(reads: ReadContext, request: Request, body: object, ctx: ActionContext) -> Acceptors:
    """Find the active members of the acceptance group; they become followers and so can see the request."""
    return Acceptors(tuple(sorted(await reads.active(await accepting(reads, request)))))
