"""Lists: keyset pages, newest first, of what the caller may see.

Who sees everything reads one range of the index. Everybody else reads one range per token that they can show,
each with the page's limit, and the page is the first of all of them: so it costs what is shown, not what is
hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.cursors import read, write
from app.api.shapes import Renderer
from app.kernel.lifecycle import Lifecycle
from app.kernel.visibility import DESK, sees_all, tokens
from app.log.canonical import from_instant, instant

LARGEST_PAGE = 200
PAGE = 50


def _split(value: Any) -> Any:
    """`a,b` as two values, in one parameter or in several."""
    if value is None:
        return None
    parts = [value] if isinstance(value, str) else value
    return [piece for part in parts for piece in str(part).split(",") if piece]


#: A filter that takes several values, separated by commas.
Several = BeforeValidator(_split)


class Paging(BaseModel):
    """What every list takes. Filters are added by subclassing; what is not known is refused."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Records on a page.")] = PAGE
    cursor: Annotated[str | None, Field(max_length=1000, description="`next_cursor` of the page before.")] = (
        None
    )


@dataclass(slots=True)
class Where:
    """Conditions that all hold, and their parameters."""

    conditions: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)

    def among(self, column: str, values: Sequence[Any] | None) -> None:
        """The column has one of the values; None: no condition."""
        if values is None:
            return
        plain = [value.value if isinstance(value, Enum) else value for value in values]
        # For one value an index gives the rows in the order of the list, for several it does not.
        if len(plain) == 1:
            self.conditions.append(f"r.{column} = %({column})s")
            self.parameters[column] = plain[0]
        else:
            self.conditions.append(f"r.{column} = any(%({column})s)")
            self.parameters[column] = plain


async def page(renderer: Renderer, paging: Paging, where: Where, *, by: str = "opened_at") -> dict[str, Any]:
    """One page, newest first by that column: `items` and `next_cursor` (null at the end).

    Raises BadCursor.
    """
    scope = f"{renderer.lifecycle.plural} {paging.model_dump_json(exclude={'limit', 'cursor'})}"
    sign = renderer.ledger.vault.fingerprint
    if paging.cursor is not None:
        last_at, last_id = read(paging.cursor, scope, sign)
        where.conditions.append(f"(r.{by}, r.id) < (%(last_at)s, %(last_id)s)")
        where.parameters |= {"last_at": from_instant(last_at), "last_id": UUID(last_id)}
    query = statement(renderer, where, by, paging.limit + 1)
    rows = await renderer.ledger.db.rows(query, where.parameters)
    more = len(rows) > paging.limit
    rows = rows[: paging.limit]
    cursor = write([instant(rows[-1][by]), str(rows[-1]["id"])], scope, sign) if more else None
    await renderer.fill(rows)
    return {"items": rows, "next_cursor": cursor}


def answer(request: Request, page: dict[str, Any]) -> Response:
    """The page as an answer, with the address of the next one in `Link`."""
    headers = {"Vary": "Authorization, Accept-Language"}
    if page["next_cursor"] is not None:
        asked = [(name, said) for name, said in request.query_params.multi_items() if name != "cursor"]
        following = urlencode([*asked, ("cursor", page["next_cursor"])])
        headers["Link"] = f'<{request.url.path}?{following}>; rel="next"'
    return Response(to_json(page), headers=headers, media_type="application/json")


def statement(renderer: Renderer, where: Where, by: str, limit: int) -> str:
    """The SQL of one page of at most so many rows."""
    lifecycle = renderer.lifecycle
    if sees_all(renderer.caller, lifecycle, agents_see=renderer.ledger.settings.agents_see):
        return _range(lifecycle, where.conditions, renderer.columns, by, limit)
    ranges = [
        f"({_range(lifecycle, [*where.conditions, shown], f'id, {by}', by, limit)})"
        for shown in _shown(renderer, where.parameters)
    ]
    union = " union ".join(ranges)
    return (
        f"select {renderer.columns} from ({union}) as visible join {lifecycle.table} r using (id) "
        f"order by r.{by} desc, r.id desc limit {limit}"
    )


def _range(lifecycle: Lifecycle[Any], conditions: Sequence[str], columns: str, by: str, limit: int) -> str:
    # The limit is part of the text, so that the plan is made for it.
    where = " and ".join(conditions) or "true"
    return (
        f"select {columns} from {lifecycle.table} r where {where} "
        f"order by r.{by} desc, r.id desc limit {limit}"
    )


def _shown(renderer: Renderer, parameters: dict[str, Any]) -> list[str]:
    """One condition per token that the caller can show and per column that it stands in; their parameters."""
    conditions = []
    for n, token in enumerate(sorted(tokens(renderer.caller))):
        kind, _, token_id = token.partition(":")
        columns = renderer.lifecycle.columns.get(kind)
        if columns is not None and not token_id:
            conditions.append("true")
        for column in columns or ():
            conditions.append(f"r.{column} = %(token{n})s")
            parameters[f"token{n}"] = UUID(token_id)
        if token == DESK and renderer.lifecycle.unassigned is not None:
            conditions.append(renderer.lifecycle.unassigned)
    return conditions or ["false"]
