"""What clients rely on, as text that a reviewer reads: every route, every event, every code in them;
and which operations no test of who may walks: none.

`python -m tests.contract.golden` writes the files anew. A line that goes away breaks somebody.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.common.people import Role
from app.kernel.actions.describe import catalogue
from app.registry import LIFECYCLES
from tests.contract.answers import document
from tests.every_route.routes import unwalked

FOLDER = Path(__file__).parent


def routes() -> str:
    """Every route: method, address, operation."""
    lines = [
        f"{method.upper():6} {path:36} {operation['operationId']}"
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
    ]
    return "\n".join(sorted(lines, key=lambda line: line.split()[1::-1])) + "\n"


def summaries() -> str:
    """The summary of every operation, to be read by a person whenever one is new."""
    lines = {
        f"{operation['operationId']:46} {operation['summary']}"
        for operations in document()["paths"].values()
        for operation in operations.values()
    }
    return "\n".join(sorted(lines)) + "\n"


def codes() -> str:
    """Every type of event, the members of its `given`, the fields of every row, and the codes of each."""
    described = catalogue(LIFECYCLES)
    lines = [f"role {' '.join(Role)}"]
    for kind, event in described["types"].items():
        lines.append(f"event {kind} {event['schema_version']}")
        schema = event["given"]
        lines += [f"given {kind} {line}" for line in _members(schema, schema.get("$defs", {}))]
        if "clock" in event:
            lines += [f"clock {kind} {line}" for line in _members(event["clock"], event["clock"]["$defs"])]
    for kind, row in described["rows"].items():
        lines += [f"row {kind} {line}" for line in _members(row, {})]
    return "\n".join(lines) + "\n"


def _members(schema: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    members = schema.get("properties", {}).items()
    return [" ".join([name, *_codes(member, definitions)]) for name, member in members]


def _codes(schema: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    """The codes that a value of that schema may be."""
    if "$ref" in schema:
        return _codes(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    own = [code for code in schema.get("enum", ()) if code is not None]
    return own + [code for part in schema.get("anyOf", ()) for code in _codes(part, definitions)]


def files() -> dict[Path, str]:
    """Each file and its text."""
    return {
        FOLDER / "routes.txt": routes(),
        FOLDER / "summaries.txt": summaries(),
        FOLDER / "codes.txt": codes(),
        FOLDER / "unwalked.txt": "".join(f"{name}\n" for name in unwalked()),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
