"""Discoveries of files that their owner compares directly, as the command line does, without an upload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.exchange.discoveries.comparing import Comparison, Progress
from app.exchange.discoveries.reading import DiscoveryRefused
from app.exchange.readers.rows import FileRefused
from app.foundation.discoveries.lifecycle import LIFECYCLE
from app.foundation.discoveries.payloads import RecordDiscovery
from app.foundation.discoveries.records import Discovery, DiscoveryState
from app.kernel.access.reads import load
from app.kernel.actions.context import CommandMetadata
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger

FIGURES = (
    *("state", "failure", "line_count", "refused_count", "compared_count", "right_count"),
    *("difference_count", "new_count", "missing_count", "differing_count", "retired_count"),
    "kept_before_count",
)


async def compare_file(
    ledger: Ledger, path: Path, body: RecordDiscovery, metadata: CommandMetadata, progress: Progress
) -> Discovery:
    """Record the discovery and compare it; one of that key that was cut off on the way is gone on with.
    Raises FileRefused if there is another one of that key, Refusal, DatabaseGone.
    """
    earlier = await load(ledger.db, LIFECYCLE, body.key)
    if earlier is None:
        command = Command(LIFECYCLE, LIFECYCLE["record"], None, body, metadata)
        waiting: Discovery = (await perform(ledger, command)).record
    else:
        waiting = earlier.record
        if waiting.state is not DiscoveryState.waiting or waiting.upload_id is not None:
            raise FileRefused(f"The discovery {body.key!r} already exists. Choose another key.")
    comparison = Comparison(ledger, waiting, metadata.now)
    try:
        await comparison.carry_out(path, progress)
    except DiscoveryRefused as refused:
        await comparison.record_failure(refused.why)
    loaded = await load(ledger.db, LIFECYCLE, str(waiting.id))
    assert loaded is not None, "records stay"
    return loaded.record


def figures_of(discovery: Discovery) -> dict[str, Any]:
    """Return the key of the discovery and its figures, for the user of the command."""
    figures = {name: getattr(discovery, name) for name in FIGURES}
    filled_figures = {name: figure for name, figure in figures.items() if figure is not None}
    return {"key": discovery.key, **filled_figures}
