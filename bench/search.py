"""Benchmark of full-text search: making the index with the consumer that makes it in production, and the
first page of results.
"""

from __future__ import annotations

import time
from urllib.parse import quote

from app.log.follow import FOLLOW_LIMITS, process_next_batch
from app.platform.db import connect
from app.search.index import consumer
from bench import load
from bench.cases import FAULT, RARE_FAULT, LargeSite, ledger_of
from bench.figures import Figure, Threshold, number
from bench.site import made_token

INDEX, SEARCH = NAMES = ("search_index", "search")
REPETITIONS = 30


async def measure(many: LargeSite) -> list[Figure]:
    """Measures the figures of searching, and always the making of the index, which the others need."""
    token = made_token(many.site)  # made first, so that no later search waits for it
    figures = [await _index(many)]
    await many.owner.execute(b"vacuum analyze search.record")
    if many.run.is_wanted(SEARCH):
        await many.site.serve()
        for how, (english, chinese) in (("all", FAULT), ("few", RARE_FAULT)):
            for word in (chinese, english):
                figures.append(await _first_page(many, token, word, how))
        many.site.kill("api")
    return figures


async def _index(many: LargeSite) -> Figure:
    """Measures making the index of all incidents, beginning without any."""
    connection = await connect(many.site.url, FOLLOW_LIMITS)
    head = await (await connection.execute(b"select position from log.head")).fetchone()
    assert head is not None
    task = many.run.progress.add_task("Making the index", total=head[0])
    began = time.perf_counter()
    async with ledger_of(many.site) as ledger:
        index = consumer(ledger)
        while (span := await process_next_batch(connection, index)) is not None:
            many.run.progress.update(task, completed=span.last)
    rate = head[0] / (time.perf_counter() - began)
    await connection.close()
    many.run.progress.remove_task(task)
    what = f"index of full-text search, whole history of {head[0]:,} events, events"
    return Figure(INDEX, what, f"{number(rate)}/s", rate, Threshold(30_000, 100_000, "/s"))


async def _first_page(many: LargeSite, token: str, word: str, how: str) -> Figure:
    """Measures the median time of the first page of results over HTTP."""
    many.run.announce(f"Searching for {word}")
    requests = iter([load.request("GET", f"/v1/incidents?q={quote(word)}", token)] * REPETITIONS)
    measured, bodies = await load.run(
        many.site.ports["api"], 1, many.run.seconds * 10, lambda: next(requests, None), expect=b"200"
    )
    assert all(b"INC-" in body for body in bodies), f"nothing was found for {word}"
    what = f"search of {many.incidents:,} for {word}, in {how} of them, first page"
    needed = Threshold(100, 20, " ms", at_most=True)
    return Figure(SEARCH, what, f"{number(measured.p50_ms)} ms", measured.p50_ms, needed)
