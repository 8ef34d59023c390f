"""Promises of the present code besides operations and events, as documents to be compared."""

from __future__ import annotations

import hashlib
from typing import Any

import typer
from pydantic import TypeAdapter

from app.cli import exits
from app.cli.commands import command_line
from app.contract.promises import without_texts
from app.exchange.mapping import ChangeMapping, IncidentMapping
from app.kpis.catalogue import KPIS
from app.platform.schema import MIGRATIONS
from app.platform.settings import PREFIX, Settings
from app.webhooks.mapping.document import MappingDocument

Document = dict[str, Any]


def promises() -> Document:
    """Return commands, exit codes, settings, mapping files, KPIs and migrations, as
    `app.contract.promises.of_promises` takes them.
    """
    return {
        "commands": dict(sorted(_commands(typer.main.get_command(command_line()), "").items())),
        "exit_codes": {name.lower(): code for name, code in vars(exits).items() if name.isupper()},
        "settings": _settings(),
        "mapping_files": {
            "import": without_texts(IncidentMapping.model_json_schema()),
            "import_change": without_texts(ChangeMapping.model_json_schema()),
            "webhook": without_texts(MappingDocument.model_json_schema()),
        },
        "kpis": {
            key: {"unit": kpi.unit.value, "direction": kpi.direction.value}
            for key, kpi in sorted(KPIS.items())
        },
        "migrations": _migrations(),
    }


def _commands(command: Any, name: str) -> dict[str, Document]:
    """Return each command by its full name, as a schema of its options and numbered arguments."""
    if hasattr(command, "commands"):
        below = [_commands(part, f"{name} {word}".strip()) for word, part in command.commands.items()]
        return {path: schema for part in below for path, schema in part.items()}
    properties: Document = {}
    required: list[str] = []
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    for parameter in command.params:
        is_option = parameter.param_type_name == "option"
        names = parameter.opts if is_option else [f"argument {arguments.index(parameter) + 1}"]
        properties |= {name: _parameter(parameter) for name in (*names, *parameter.secondary_opts)}
        if parameter.required:
            required.append(names[0])
    schema = {"type": "object", "additionalProperties": False, "required": required}
    return {name: {**schema, "properties": properties}}


def _parameter(parameter: Any) -> Document:
    schema: Document = without_texts(TypeAdapter(parameter.type_descriptor.annotation).json_schema())
    bounds = {"minimum": getattr(parameter, "min", None), "maximum": getattr(parameter, "max", None)}
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    default = parameter.default
    return schema | ({"default": default} if isinstance(default, str | int | float) else {})


def _settings() -> Document:
    """Return the settings by their variables. An unknown variable is let through by the program, but a
    setting that is gone is no less gone.
    """
    schema = without_texts(Settings.model_json_schema())
    properties = {f"{PREFIX}{name.upper()}": part for name, part in schema["properties"].items()}
    return {**schema, "additionalProperties": False, "properties": properties}


def _migrations() -> dict[str, str]:
    """Return the SHA-256 of each file that a migration consists of."""
    folder = MIGRATIONS / "versions"
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".sql"))
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_text("utf-8").encode()).hexdigest()
        for path in files
    }
