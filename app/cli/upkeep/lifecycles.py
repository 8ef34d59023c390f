"""`ledgerdesk lifecycles`: prints the states and actions of each kind of record."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from app.cli.output import names_hint, print_json, print_line
from app.kernel.actions import describe
from app.kernel.actions.lifecycle import Lifecycle
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND


class LifecycleFormat(StrEnum):
    """The form of the output."""

    markdown = "markdown"
    mermaid = "mermaid"
    json = "json"


def lifecycles(
    kind: Annotated[
        str | None, typer.Argument(help="Kind of record, such as incident. Default: all.")
    ] = None,
    form: Annotated[LifecycleFormat, typer.Option(help="Output format.")] = LifecycleFormat.markdown,
) -> None:
    """Print the states and actions of each kind of record, with the policy and event of each action."""
    if kind is not None and kind not in LIFECYCLES_BY_KIND:
        raise typer.BadParameter(
            f"there is no kind {kind!r}; {names_hint(kind, LIFECYCLES_BY_KIND, 'ledgerdesk lifecycles')}"
        )
    chosen: list[Lifecycle[Any]] = [LIFECYCLES_BY_KIND[kind]] if kind else list(LIFECYCLES)
    if form is LifecycleFormat.json:
        print_json([describe.as_data(lifecycle) for lifecycle in chosen])
    for lifecycle in chosen:
        if form is LifecycleFormat.markdown:
            print_line(describe.as_markdown(lifecycle))
        elif form is LifecycleFormat.mermaid:
            print_line(describe.as_mermaid(lifecycle))
