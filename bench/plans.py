"""PostgreSQL's query plans of reads on a site with many incidents, for inspection."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
from psycopg import AsyncClientCursor

from app.main import application
from app.platform.db import Database, connect
from app.platform.settings import Settings
from bench.cases import LargeSite

RecordedQuery = tuple[str, Any]
READ_LIMITS = "-c jit=off -c timezone=UTC"


async def write(many: LargeSite, paths: dict[str, str], file: Path) -> None:
    """Writes to the file the plans of the statements behind each path; `paths` are the tokens by path."""
    parts: list[str] = []
    async with _client(many) as client:
        for path, token in paths.items():
            with _recorded() as queries:
                answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == httpx.codes.OK, f"{path}: {answer.text}"
            parts.append(f"######## GET {path}\n")
            for statement in queries:
                parts.append(await _explained(many, *statement))
    _write_file(file, "\n".join(parts))
    many.run.announce(f"The plans of {len(paths)} reads of {many.incidents:,} incidents are in {file}.")


def _write_file(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@contextlib.asynccontextmanager
async def _client(many: LargeSite) -> AsyncIterator[httpx.AsyncClient]:
    """Returns a client of the application in this process, so that its statements can be recorded."""
    app = application(many.site.url, many.site.data / "secrets", Settings())
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as client:
        client.base_url = httpx.URL("http://bench")
        yield client


@contextlib.contextmanager
def _recorded() -> Iterator[list[RecordedQuery]]:
    """Records the statements that are executed within the block, each once."""
    queries: list[RecordedQuery] = []
    ask = Database._execute  # every statement of a read passes through it

    async def recording(self: Database, query: str, parameters: Any, *more: Any, **options: Any) -> Any:
        # An estimate is no read of its own, and explains itself.
        if (query, parameters) not in queries and not query.lstrip().startswith("explain"):
            queries.append((query, parameters))
        return await ask(self, query, parameters, *more, **options)

    Database._execute = recording  # type: ignore[method-assign]  # as above
    try:
        yield queries
    finally:
        Database._execute = ask  # type: ignore[method-assign]  # as above


async def _explained(many: LargeSite, query: str, parameters: Any) -> str:
    connection = await connect(many.site.url, READ_LIMITS)
    try:
        cursor = AsyncClientCursor(connection)
        await cursor.execute(f"explain (analyze, buffers) {query}".encode(), parameters)
        return "\n".join([query.strip(), *(f"    {line}" for (line,) in await cursor.fetchall()), ""])
    finally:
        await connection.close()
