"""`ledgerdesk contract`: writes what is generated from the code, or says what has drifted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from typer.cli import get_docs_for_click

from app import settings
from app.cli.exits import DIFFERENT
from app.cli.say import say
from app.kernel import describe
from app.kpis import describe as kpi_pages
from app.kpis.catalogue import KPIS
from app.main import routed
from app.registry import LIFECYCLES


def contract(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if something has drifted.")
    ] = False,
) -> None:
    """Write openapi/ and the generated pages of docs/ anew."""
    drifted = []
    for path, text in generated(context):
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        drifted.append(str(path.relative_to(settings.PROJECT)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and drifted:
        say(f"Not what the code says: {', '.join(drifted)}. Run `make contract` and commit what it writes.")
        raise typer.Exit(DIFFERENT)
    say(f"Written: {', '.join(drifted)}." if drifted else "All that is generated is as the code says.")


def generated(context: typer.Context) -> Iterator[tuple[Path, str]]:
    """Every generated file and its text. `context` is any of the command line that docs/cli.md describes."""
    project = settings.PROJECT
    yield project / "openapi" / "openapi.json", _json(routed().openapi())
    yield project / "openapi" / "events.json", _json(describe.catalogue(LIFECYCLES))
    for lifecycle in LIFECYCLES:
        yield project / "docs" / "lifecycles" / f"{lifecycle.plural}.md", describe.as_markdown(lifecycle)
    yield project / "docs" / "kpis.md", kpi_pages.as_markdown(KPIS.values())
    yield project / "docs" / "settings.md", settings.as_markdown()
    command_line = context.find_root().command
    root = typer.Context(command_line)
    commands = get_docs_for_click(obj=command_line, ctx=root, name="ledgerdesk", title="Commands")
    yield project / "docs" / "cli.md", commands


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
