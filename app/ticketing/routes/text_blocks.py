"""Text blocks that fit a ticket, filled: `GET /v1/incidents/{id}/text_blocks` and so on. For its staff."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of
from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.listings.page_responses import VARY
from app.api.records.reads import Name
from app.api.records.shapes import OutputModel
from app.api.requests.accept import language_for
from app.common.people import Caller, Person
from app.common.records import from_row
from app.common.tickets import Ticket
from app.foundation.people import persons
from app.foundation.text_blocks.placeholders import Placeholder, fill
from app.foundation.text_blocks.records import TextBlock, TextBlockState
from app.i18n import language_of
from app.i18n.kind_nouns import noun
from app.kernel.access.reads import load
from app.kernel.actions.actor_policy import staff
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import NotFound
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible

#: The most blocks that are offered: more than anybody looks through.
MOST_OFFERED = 200
OFFERED = """
select * from fold.text_block where state = %s and (process is null or process = %s) order by key limit %s"""


class FilledTextBlock(OutputModel):
    """A text block as filled for a ticket."""

    key: str = Field(description="Key of the text block.")
    title: str = Field(description="Title of the text block, in the language of the texts.")
    text: str = Field(description="Text with its placeholders filled.")
    missing: list[Placeholder] = Field(
        description="Placeholders for which the ticket has no value and which stay in the text."
    )


class FilledTextBlocks(OutputModel):
    """The text blocks that fit a ticket, with their placeholders filled in."""

    language: Literal["en", "zh"] = Field(description="Language of the texts.")
    items: list[FilledTextBlock]


class TextBlockQuery(BaseModel):
    """The language of the text blocks."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    language: Literal["en", "zh"] | None = Field(
        default=None, description="Language of the texts; if left out, the requester's."
    )


def text_blocks_router(lifecycles: Iterable[Lifecycle[Any]]) -> Router:
    """Return the routes of all kinds of tickets."""
    router = Router(prefix="/v1", tags=["tickets"])
    for lifecycle in lifecycles:
        if lifecycle.is_ticket:
            router.endpoint(
                f"/{lifecycle.plural}/{{id}}/text_blocks",
                f"List {noun(lifecycle.kind)} text blocks",
                FilledTextBlocks,
                refused=(404, 422),
                responses=in_language(),
                operation_id=f"list_{lifecycle.kind}_text_blocks",
                description=f"List the text blocks that fit one {noun(lifecycle.kind)}, with their "
                "placeholders filled in, in the language of its requester. For staff.",
            )(_endpoint(lifecycle))
    return router


def _endpoint(lifecycle: Lifecycle[Any]) -> Callable[..., Any]:
    async def list_text_blocks(
        request: Request, name: Name, query: Annotated[TextBlockQuery, Query()]
    ) -> Response:
        ledger, caller = ledger_of(request), caller_of(request)
        loaded = await load(ledger.db, lifecycle, name)
        if loaded is None or not is_visible(ledger, lifecycle, caller, loaded.audience):
            raise NotFound()
        if not caller.is_staff_for(loaded.record):
            raise ledger.forbidden(staff, language_for(request))
        blocks = await _filled_blocks(ledger, caller, lifecycle.kind, loaded.record, query.language)
        headers = {**VARY, "Content-Language": blocks["language"]}
        return Response(to_json(blocks), headers=headers, media_type="application/json")

    return list_text_blocks


async def _filled_blocks(
    ledger: Ledger, caller: Caller, process: str, ticket: Ticket, language: str | None
) -> dict[str, Any]:
    requester = await _person(ledger, ticket.requester_id)
    agent = await _person(ledger, caller.person_id)
    language = language or language_of((requester and requester.locale) or caller.locale)
    people = [person for person in (requester, agent) if person is not None and person.name is not None]
    names = await ledger.vault.texts([person.name for person in people if person.name is not None])
    team = None
    if ticket.team_id is not None:
        team = (await ledger.directory.teams([ticket.team_id]))[ticket.team_id].name
    values = {
        Placeholder.number: ticket.number,
        Placeholder.ticket_title: ticket.title,
        Placeholder.requester: names.get(requester.name or "") if requester else None,
        Placeholder.team: team,
        Placeholder.agent: names.get(agent.name or "") if agent else None,
    }
    rows = await ledger.db.rows(OFFERED, (TextBlockState.active.value, process, MOST_OFFERED))
    items = []
    for block in (from_row(TextBlock, row) for row in rows):
        title, text = (block.title_zh, block.text_zh) if language == "zh" else (block.title_en, block.text_en)
        filled, missing = fill(text or "", values)
        items.append({"key": block.key, "title": title, "text": filled, "missing": missing})
    return {"language": language, "items": items}


async def _person(ledger: Ledger, person_id: Any) -> Person | None:
    if person_id is None:
        return None
    loaded = await load(ledger.db, persons.LIFECYCLE, str(person_id))
    return None if loaded is None else loaded.record
