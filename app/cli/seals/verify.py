"""`ledgerdesk verify`: reads the whole log, and compares it with its seals and with exported heads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.cli.exits import DIFFERENT
from app.cli.output import Json, print_json, print_line, progress_bar
from app.platform import installation, loop, settings
from app.platform.db import connect
from app.sealing.signed_heads import LARGEST_FILE, SignedHead, UnreadableHead, read_head_file
from app.sealing.verify import Discrepancy, LogVerification, SealFinding
from app.sealing.verify import verify as verify_log

UNLIMITED = "-c jit=off -c timezone=UTC"
#: A sentence on each kind of finding; `{place}`: positions, or the head.
SENTENCES = {
    Discrepancy.altered: "{place}: altered; not what was sealed.",
    Discrepancy.missing: "{place}: missing.",
    Discrepancy.added: "{place}: there twice, or where no event can be.",
    Discrepancy.ends_early: "{place}: sealed, and missing at the end of the log. An older backup?",
    Discrepancy.not_as_sealed: "{place}: something in there is not as it was sealed; the stored hashes were "
    "rewritten with it, so it cannot be said where.",
    Discrepancy.hashes_rewritten: "{place}: the events are as sealed; the stored hashes are not.",
    Discrepancy.identity_altered: "log.seal_identity is not what heads name: no hash can be compared.",
    Discrepancy.head_altered: "{place}: altered; not signed, or not what follows on the head before.",
    Discrepancy.head_missing: "{place}: missing in the database.",
    Discrepancy.head_otherwise: "{place}: the stored one is another than the exported one.",
    Discrepancy.another_log: "{place} of a file is of another log.",
    Discrepancy.not_signed: "{place} of a file is not signed by the key in it.",
    Discrepancy.another_key: "{place}: signed by a key that no head before has named.",
}


def verify(
    head: Annotated[
        list[Path] | None,
        typer.Option(
            help="A head that was exported, or a folder of them; may be repeated. Without it only the heads "
            "in the database are compared, which whoever alters the log can alter, too."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read the whole log, compute every hash anew, and compare with the stored ones, the stored heads, and
    exported heads. Names the first event that was altered, is missing or was added. Exit code 5: something
    is not as sealed.
    """
    exported = [_read(path) for place in head or () for path in _files(place)]
    current = settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        outcome = loop.run(_verify(place.url, exported))
    _report(outcome, len(exported), as_json=as_json)
    if outcome.finding_count:
        raise typer.Exit(DIFFERENT)


def _files(place: Path) -> Sequence[Path]:
    """Return the file, or the files of heads in the folder."""
    files = sorted(place.glob("head-*.json")) if place.is_dir() else [place]
    if not files:
        raise typer.BadParameter(f"There is no head-….json in {place}.", param_hint="--head")
    return files


def _read(path: Path) -> SignedHead:
    try:
        with path.open("rb") as file:
            return read_head_file(file.read(LARGEST_FILE + 1))
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.", param_hint="--head") from error
    except UnreadableHead as error:
        raise typer.BadParameter(f"{path} is no exported head: {error}.", param_hint="--head") from error


async def _verify(url: str, exported: Sequence[SignedHead]) -> LogVerification:
    connection = await connect(url, UNLIMITED)
    try:
        with progress_bar() as bar:
            task = bar.add_task("Verifying", total=None)

            def show(done: int, end: int) -> None:
                bar.update(task, completed=done, total=end)

            return await verify_log(connection, exported, progress=show)
    finally:
        await connection.close()


def _report(outcome: LogVerification, files: int, *, as_json: bool) -> None:
    if as_json:
        print_json(outcome)
        return
    for finding in outcome.findings:
        print_line(_sentence(finding))
    if outcome.finding_count > len(outcome.findings):
        print_line(f"… and {outcome.finding_count - len(outcome.findings)} more.")
    print_line(
        f"Events read: {outcome.events}; stored heads: {outcome.heads}; exported heads given: {files}."
    )
    print_line(
        f"As the stored heads say: positions 1 to {outcome.sealed_up_to}."
        if outcome.sealed_up_to
        else "No stored head covers any of it as it is."
    )
    if files:
        print_line(f"As the exported heads say: positions 1 to {outcome.proved_up_to}.")
    else:
        print_line(
            "Compared with no exported head (--head): this proves nothing against whoever owns the database."
        )


def _sentence(finding: SealFinding) -> str:
    if finding.head is not None:
        where = f"Head {finding.head}"
    elif finding.first == finding.last:
        where = f"Position {finding.first}"
    else:
        where = f"Positions {finding.first} to {finding.last}"
    return SENTENCES[finding.discrepancy].format(place=where)
