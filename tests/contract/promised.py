"""What a release promises besides operations and events, and changes of it that break somebody."""

from __future__ import annotations

import copy
from typing import Any

Document = dict[str, Any]


def promised(*path: str, value: Any = None) -> Document:
    """A small document of promises; with a path, that member of it is another value, or gone."""
    document: Document = {
        "commands": {
            "serve": {
                "type": "object",
                "additionalProperties": False,
                "required": [],
                "properties": {
                    "--port": {"type": "integer", "minimum": 1, "default": 8000},
                    "--form": {"type": "string", "enum": ["json", "markdown"]},
                    "argument 1": {"type": "string"},
                },
            }
        },
        "exit_codes": {"refused": 4},
        "settings": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"LEDGERDESK_PORT": {"type": "integer", "default": 8000}},
        },
        "mapping_files": {
            "import": {
                "type": "object",
                "additionalProperties": False,
                "required": ["case"],
                "properties": {"case": {"type": "string"}, "opened": {"type": "string"}},
            }
        },
        "kpis": {"incident_resolution_seconds": {"unit": "seconds", "direction": "lower"}},
        "migrations": {"1001_baseline.py": "aa", "1001/log.sql": "bb", "1002_changes.py": "cc"},
    }
    if path:
        inner = document = copy.deepcopy(document)
        for name in path[:-1]:
            inner = inner[name]
        if value is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
    return document


OPTIONS = ("commands", "serve", "properties")
SETTINGS = ("settings", "properties", "LEDGERDESK_PORT")
MAPPING = ("mapping_files", "import")
KPI = ("kpis", "incident_resolution_seconds")

#: Rule, place, and the promises after the change.
OF_PROMISES = [
    ("command_removed", "command/serve", promised("commands", "serve")),
    ("property_removed", "command/serve/--port", promised(*OPTIONS, "--port")),
    ("property_removed", "command/serve/argument 1", promised(*OPTIONS, "argument 1")),
    (
        "property_required",
        "command/serve/--form",
        promised("commands", "serve", "required", value=["--form"]),
    ),
    ("value_removed", "command/serve/--form=json", promised(*OPTIONS, "--form", "enum", value=["markdown"])),
    ("bounds_narrowed", "command/serve/--port", promised(*OPTIONS, "--port", "minimum", value=1024)),
    ("default_changed", "command/serve/--port", promised(*OPTIONS, "--port", "default", value=80)),
    ("exit_code_changed", "exit_code/refused", promised("exit_codes", "refused")),
    ("exit_code_changed", "exit_code/refused", promised("exit_codes", "refused", value=5)),
    ("property_removed", "settings/LEDGERDESK_PORT", promised(*SETTINGS)),
    ("type_changed", "settings/LEDGERDESK_PORT", promised(*SETTINGS, "type", value="string")),
    ("default_changed", "settings/LEDGERDESK_PORT", promised(*SETTINGS, "default", value=80)),
    ("mapping_file_removed", "mapping_file/import", promised(*MAPPING)),
    ("property_removed", "mapping_file/import/opened", promised(*MAPPING, "properties", "opened")),
    (
        "property_required",
        "mapping_file/import/opened",
        promised(*MAPPING, "required", value=["case", "opened"]),
    ),
    ("kpi_removed", "kpi/incident_resolution_seconds", promised(*KPI)),
    ("kpi_changed", "kpi/incident_resolution_seconds/unit", promised(*KPI, "unit", value="hours")),
    ("kpi_changed", "kpi/incident_resolution_seconds/direction", promised(*KPI, "direction", value="higher")),
    ("migration_changed", "migration/1001/log.sql", promised("migrations", "1001/log.sql", value="dd")),
    ("migration_removed", "migration/1002_changes.py", promised("migrations", "1002_changes.py")),
    ("migration_inserted", "migration/1002/more.sql", promised("migrations", "1002/more.sql", value="ee")),
]

#: What is added, and the promises after that.
ADDED = [
    ("a command", promised("commands", "work", value={"type": "object", "properties": {}})),
    ("an option", promised(*OPTIONS, "--host", value={"type": "string"})),
    ("a choice", promised(*OPTIONS, "--form", "enum", value=["json", "markdown", "mermaid"])),
    ("an exit code", promised("exit_codes", "late", value=7)),
    ("a setting", promised("settings", "properties", "LEDGERDESK_HOST", value={"type": "string"})),
    ("a key of a mapping", promised(*MAPPING, "properties", "zone", value={"type": "string"})),
    ("a kind of mapping", promised("mapping_files", "webhook", value={"type": "object"})),
    ("a KPI", promised("kpis", "incident_count", value={"unit": "count", "direction": "lower"})),
    ("a migration", promised("migrations", "1003_more.py", value="ff")),
]
