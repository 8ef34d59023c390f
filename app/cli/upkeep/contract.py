"""`ledgerdesk contract`: writes the files generated from the code, or reports those that differ; and reports
changes that would break clients.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.cli import get_docs_for_click

from app.api.areas import AREAS
from app.cli.commands import command_line
from app.cli.exits import DIFFERENT, REFUSED
from app.cli.output import print_line
from app.cli.upkeep import notice_types
from app.cli.upkeep.promised import promises
from app.contract import breaking, declared
from app.contract.promises import of_promises, without_texts
from app.contract.schemas import UNDECLARABLE_RULES
from app.contract.selection import TaggedContract
from app.kernel.actions import describe
from app.kpis import describe as kpi_pages
from app.kpis.catalogue import KPIS
from app.main import build_app
from app.platform import settings
from app.registry import LIFECYCLES
from app.webhooks.sources import guides

OPENAPI = settings.PROJECT / "openapi"
OPERATIONS, EVENTS, PROMISES = "openapi.json", "events.json", "promises.json"
#: Contract of the last release, without the texts for people.
RELEASED = OPENAPI / "released"
DECLARED = OPENAPI / "declared_changes.toml"
#: Advice while the version is unpublished.
ANEW = f"remove openapi/{RELEASED.name} if nobody has {{version}} yet"
INDENT, LINE_LENGTH = "  ", 110


def contract(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a file is outdated.")
    ] = False,
    release_it: Annotated[
        bool, typer.Option("--release", help="Freeze the current contract as the release of this version.")
    ] = False,
    frozen: Annotated[
        bool,
        typer.Option(
            "--frozen", help="Write nothing; fail unless this version is frozen in its current form."
        ),
    ] = False,
) -> None:
    """Write the generated files of openapi/ and docs/.

    Once a contract is released, a change that breaks its clients must be declared in
    openapi/declared_changes.toml.
    """
    if frozen:
        if refusal := not_frozen():
            print_line(refusal)
            raise typer.Exit(REFUSED)
        return
    drifted = []
    for path, text in generated():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        drifted.append(str(path.relative_to(settings.PROJECT)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and drifted:
        print_line(f"Outdated: {', '.join(drifted)}. Run make contract and commit the result.")
    else:
        print_line(f"Written: {', '.join(drifted)}." if drifted else "All generated files are up to date.")
    wrong = unexcused()
    for line in wrong:
        print_line(line)
    if not is_released():
        print_line("Nothing is released yet, so no change can break a client.")
    if (check and drifted) or (wrong and (check or release_it)):
        raise typer.Exit(DIFFERENT)
    if release_it:
        release()


@cache
def _operations() -> dict[str, Any]:
    """Return the OpenAPI document of the code; generating it takes seconds."""
    return build_app().openapi()


def generated() -> Iterator[tuple[Path, str]]:
    """Yield every generated file with its text."""
    project = settings.PROJECT
    yield OPENAPI / OPERATIONS, _json(_operations())
    tagged = TaggedContract(_operations())
    for area, tags in AREAS.items():
        yield OPENAPI / "areas" / f"{area}.json", _json(tagged.with_tags(tags))
    yield OPENAPI / EVENTS, _json(describe.catalogue(LIFECYCLES))
    for lifecycle in LIFECYCLES:
        package = lifecycle.record.__module__.rpartition(".")[0].replace(".", "/")
        page = _marked(describe.as_markdown(lifecycle), package)
        yield project / "docs" / "lifecycles" / f"{lifecycle.plural}.md", page
    yield project / "docs" / "kpis.md", kpi_pages.as_markdown(KPIS.values())
    for tool, page in guides.pages():
        yield project / "docs" / "how-to" / "webhooks" / f"{tool}.md", page
    yield project / "docs" / "settings.md", settings.as_markdown()
    yield project / "docs" / "notice-types.md", notice_types.as_markdown(LIFECYCLES)
    every = typer.main.get_command(command_line())
    commands = get_docs_for_click(obj=every, ctx=typer.Context(every), name="ledgerdesk", title="Commands")
    yield project / "docs" / "cli.md", _marked(commands, "app/cli")


def _marked(page: str, source: str) -> str:
    """Return the page with a sentence below its title that it is generated, and from which package."""
    title, rest = page.split("\n\n", 1)
    return f"{title}\n\nGenerated from `{source}` by `make contract`; do not edit.\n\n{rest}"


def unexcused() -> list[str]:
    """Return a sentence for each change that breaks clients of the released contract and is not declared, and
    for each declaration of a change that breaks nothing.
    """
    if not is_released():
        return []
    old, old_events, promised = (
        json.loads((RELEASED / name).read_text("utf-8")) for name in (OPERATIONS, EVENTS, PROMISES)
    )
    breaks = breaking.of_operations(old, _operations())
    breaks |= breaking.of_events(old_events, describe.catalogue(LIFECYCLES))
    breaks |= of_promises(promised, promises())
    released, where = old["info"]["version"], f"openapi/{DECLARED.name}"
    try:
        declarations = declared.read(DECLARED.read_text("utf-8")) if DECLARED.exists() else []
    except declared.BadDeclaration as error:
        return [f"{where}: {error}"]
    missing = declared.undeclared(breaks, declarations, released)
    lines = [f"Breaks clients: {declared.sentence(broken, met)}" for broken, met in missing.items()]
    if meant := [broken for broken in missing if broken.rule not in UNDECLARABLE_RULES]:
        lines.append(f"Undo each, or declare it in {where}, with the version after {released} and why:")
        lines += [declared.entry(broken) for broken in meant]
    lines += [
        f"{where} declares {declaration.place} ({declaration.rule}), which breaks nothing. Remove it."
        for declaration in declared.unfounded(breaks, declarations, released)
    ]
    return lines


def is_released() -> bool:
    """Return whether a contract has been released that clients rely on."""
    return (RELEASED / OPERATIONS).exists()


def release() -> None:
    """Make what is promised now the released contract, with which later ones are compared."""
    if is_released() and released_version() == build_app().version:
        print_line(
            f"{released_version()} is frozen already: give pyproject.toml the version that is to be "
            f"released, or {ANEW.format(version=released_version())}."
        )
        raise typer.Exit(REFUSED)
    RELEASED.mkdir(parents=True, exist_ok=True)
    for name, document in _promised_documents().items():
        (RELEASED / name).write_text(_json(document), encoding="utf-8")
    print_line(f"The released contract is that of {build_app().version}.")


def not_frozen() -> str | None:
    """Return why no release can be made: what is promised now is not what was frozen for this version."""
    version = build_app().version
    if not is_released() or released_version() != version:
        return f"{version} is not frozen. Run make freeze and commit the result."
    changed = [
        f"openapi/{RELEASED.name}/{name}"
        for name, document in _promised_documents().items()
        if (RELEASED / name).read_text("utf-8") != _json(document)
    ]
    if not changed:
        return None
    return (
        f"What is promised has changed since {version} was frozen: {', '.join(changed)}. Give pyproject.toml "
        f"the next version, or {ANEW.format(version=version)}, and run make freeze."
    )


def released_version() -> str:
    """Return the version whose contract is the released one."""
    version: str = json.loads((RELEASED / OPERATIONS).read_text("utf-8"))["info"]["version"]
    return version


def _promised_documents() -> dict[str, Any]:
    """Return what a release freezes, by the names of its files."""
    return {
        OPERATIONS: without_texts(_operations()),
        EVENTS: without_texts(describe.catalogue(LIFECYCLES)),
        PROMISES: promises(),
    }


def _json(value: object) -> str:
    return _indented(value, 0) + "\n"


def _indented(value: object, depth: int) -> str:
    """Return the value as JSON, with each object and each list that fits on a line on one: half as many lines
    as with one for each member, and a change is read with what it belongs to.
    """
    line = json.dumps(value, ensure_ascii=False)
    margin = INDENT * (depth + 1)
    if len(line) + len(margin) <= LINE_LENGTH or not value:
        return line
    if isinstance(value, list):
        return _enclosed("[", (_indented(part, depth + 1) for part in value), "]", depth)
    if isinstance(value, dict):
        parts = (f"{json.dumps(name)}: {_indented(part, depth + 1)}" for name, part in value.items())
        return _enclosed("{", parts, "}", depth)
    return line


def _enclosed(start: str, parts: Iterable[str], end: str, depth: int) -> str:
    """Return the parts in lines of their own between start and end."""
    margin = INDENT * (depth + 1)
    lines = ",\n".join(margin + part for part in parts)
    return f"{start}\n{lines}\n{INDENT * depth}{end}"
