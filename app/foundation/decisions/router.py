"""Routes of approval rules, `/v1/approval_rules`, of deputies, `/v1/deputies`, and of who would vote on a
record, `GET /v1/changes/{id}/approval_preview`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, context_of
from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.lists import Listing
from app.api.listings.page_responses import VARY
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.records.shapes import Renderer
from app.api.requests.accept import language_for
from app.api.routes import Routes
from app.foundation.decisions.approval_rules import lifecycle as rules_lifecycle
from app.foundation.decisions.approval_rules.electors import VERSIONS as RULE_VERSIONS
from app.foundation.decisions.approval_rules.shipped import SHIPPED
from app.foundation.decisions.approval_rules.versions import HoldingRule, floors_of, rules_in_force
from app.foundation.decisions.deputies import lifecycle as deputies_lifecycle
from app.foundation.decisions.matters import Matter, RelatedMatter
from app.foundation.decisions.queries import (
    APPROVAL_RULES,
    DEPUTIES,
    VERSIONS,
    ApprovalPreview,
    ApprovalRuleOut,
    DeputyOut,
    RulesInForce,
    as_definition,
)
from app.foundation.decisions.records import DecisionKind, VoterLeftOutReason
from app.foundation.decisions.voters.electorate import Electorate, ruled_electorate
from app.foundation.people.queries import person_stubs
from app.i18n import translate
from app.i18n.kind_nouns import noun, with_article
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import staff
from app.kernel.actions.refusals import Forbidden, PreparationRefused
from app.kernel.ledger import Ledger
from app.log.canonical import instant

rules_router = Router(prefix="/v1/approval_rules", tags=["decisions"], route_class=DirectRoute)
deputies_router = Router(prefix="/v1/deputies", tags=["decisions"], route_class=DirectRoute)


class ChangeOfPreview(BaseModel):
    """The change for which an exception is previewed."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    change: str | None = Field(
        default=None,
        description="Change for which the exception would be asked: its id or number. If left out, people "
        "with a part in the change are not excluded.",
    )


class RulesInForceQuery(BaseModel):
    """The decisions to list the rules of."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    decision: DecisionKind | None = Field(
        default=None, description="Kind of the decisions; if left out, all kinds."
    )


@rules_router.endpoint(
    "/in_force", "List the approval rules in force", RulesInForce, refused=(422,), responses=in_language()
)
async def list_approval_rules_in_force(
    request: Request, ledger: RequestLedger, query: Annotated[RulesInForceQuery, Query()]
) -> Response:
    """Return the approval rules in force, including shipped rules. For staff."""
    language = language_for(request)
    if not caller_of(request).is_staff:
        raise ledger.forbidden(staff, language)
    kinds = DecisionKind if query.decision is None else (query.decision,)
    items = [item for kind in kinds for item in await _rules_of(ledger, kind, language)]
    return _in_language(items, language)


def _in_language(items: list[dict[str, Any]], language: str) -> Response:
    """Return the items, of which some words are in that language."""
    headers = {**VARY, "Content-Language": language}
    return Response(to_json({"items": items}), headers=headers, media_type="application/json")


async def _rules_of(ledger: Ledger, kind: DecisionKind, language: str) -> list[dict[str, Any]]:
    rows = await ledger.db.rows(RULE_VERSIONS, (kind.value,))
    versions = {(row["key"], row["edition"]): row for row in rows}
    rules = sorted(rules_in_force(rows, kind), key=lambda rule: rule.key)
    stubs = await person_stubs(ledger, {row["set_by_id"] for row in rows if row["set_by_id"]})
    return [
        _rule_in_force(rule, kind, versions.get((rule.key, rule.edition)), stubs, language) for rule in rules
    ]


def _rule_in_force(
    rule: HoldingRule, kind: DecisionKind, row: Any, stubs: dict[UUID, dict[str, Any]], language: str
) -> dict[str, Any]:
    floors = [_floor(key) for key in floors_of(rule, kind)]
    return {
        "key": rule.key,
        "name": SHIPPED[rule.key].name(language) if row is None else row["name"],
        "decision": kind.value,
        "edition": rule.edition,
        "set_by": None if row is None else stubs.get(row["set_by_id"]),
        "definition": as_definition(rule.definition.model_dump(mode="json")),
        "least_seconds": max(rule.definition.least_time, *(floor["least_seconds"] for floor in floors), 0),
        "floors": floors,
    }


def _floor(key: str) -> dict[str, Any]:
    definition = SHIPPED[key].definition
    values = as_definition(definition.model_dump(mode="json"))
    return {
        "key": key,
        "rule": definition.rule.value,
        "voters": values["voters"],
        "least_seconds": definition.least_time,
        **{name: values[name] for name in ("least_voters", "quorum", "quorum_percent")},
    }


mount_reads(rules_router, APPROVAL_RULES)
mount_child_listing(rules_router, rules_lifecycle.LIFECYCLE, ApprovalRuleOut, VERSIONS)
mount_actions(rules_router, rules_lifecycle.LIFECYCLE, ApprovalRuleOut)
mount_reads(deputies_router, DEPUTIES)
mount_actions(deputies_router, deputies_lifecycle.LIFECYCLE, DeputyOut)


def mount_approval_preview(
    router: Router, listing: Listing, matters: Sequence[Matter], *, related: Matter | None = None
) -> None:
    """Add the operation that returns who would vote on a record, for each of the matters. If these are about
    a change as well, `related` is the matter by which people are parties to it.
    """

    async def preview(request: Request, name: Name) -> Response:
        return await previewed(request, name, None)

    async def preview_of_change(
        request: Request, name: Name, query: Annotated[ChangeOfPreview, Query()]
    ) -> Response:
        return await previewed(request, name, query.change)

    async def previewed(request: Request, name: str, change: str | None) -> Response:
        renderer = renderer_of(request, listing)
        record = (await load_visible(renderer, name)).record
        ledger, caller, language = renderer.ledger, renderer.caller, renderer.language
        if not caller.is_staff_for(record):
            raise Forbidden({"who": staff.phrase(language, ledger.role_labels)})
        now = context_of(request).now
        other: RelatedMatter | None = None
        if change is not None and related is not None:
            lifecycle = ledger.lifecycles["change"]
            of_changes = Renderer(ledger, lifecycle, renderer.shape, caller, language)
            loaded = await load_visible(of_changes, change)
            other = RelatedMatter(loaded.record, related)
        items = []
        for matter in matters:
            reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
            try:
                electorate = await ruled_electorate(
                    reads, record, matter, caller.person_id, now, related=other
                )
            except PreparationRefused as refused:
                items.append(await _refused(ledger, matter, refused, language))
            else:
                items.append(await _previewed(ledger, matter, electorate, language))
        return _in_language(items, language)

    kind = listing.lifecycle.kind
    router.endpoint(
        "/{id}/approval_preview",
        f"Preview {with_article(noun(kind))}'s approval",
        ApprovalPreview,
        refused=(404, 422),
        responses=in_language(),
        operation_id=f"preview_{kind}_approval",
        description="Return the persons who would vote on the record if the caller asked now, and the "
        "persons who would be excluded, with the reasons. For staff.",
    )(preview if related is None else preview_of_change)


async def _previewed(ledger: Ledger, matter: Matter, electorate: Electorate, language: str) -> dict[str, Any]:
    stubs = await person_stubs(ledger, electorate.voters)
    return _of_kind(matter, language) | {
        "rules": electorate.rule_rows,
        "rule": electorate.rule.value,
        "quorum": electorate.quorum,
        "due_at": instant(electorate.due_at),
        "earliest_due_at": instant(electorate.least_at),
        "voters": [stubs[person] for person in electorate.voters],
        "left_out": await _left_out(ledger, electorate.left_out_rows, language),
        "refusal": None,
    }


async def _refused(
    ledger: Ledger, matter: Matter, refused: PreparationRefused, language: str
) -> dict[str, Any]:
    detail = translate(language, "detail", refused.because, refused.words)
    return _of_kind(matter, language) | {
        "rules": [],
        "rule": None,
        "quorum": None,
        "due_at": None,
        "earliest_due_at": None,
        "voters": [],
        "left_out": await _left_out(ledger, refused.more.get("left_out", ()), language),
        "refusal": {"code": refused.because, "detail": detail},
    }


async def _left_out(ledger: Ledger, rows: Iterable[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """Return those who are left out, as a decision keeps them, with their names and the reason in words."""
    reasons = {UUID(row["person"]): VoterLeftOutReason(row["because"]) for row in rows}
    stubs = await person_stubs(ledger, reasons)
    return [
        {"person": stubs[person], "because": because.value, "label": because.label(language)}
        for person, because in reasons.items()
    ]


def _of_kind(matter: Matter, language: str) -> dict[str, Any]:
    assert matter.decision is not None
    return {"decision": matter.decision.value, "label": matter.decision.label(language)}


ROUTES = Routes(
    (
        rules_router,
        deputies_router,
    ),
    (
        APPROVAL_RULES,
        DEPUTIES,
    ),
)
