"""The definitions of KPIs over the raw events: the files of each, and its SQL. Pure except for reading these
files.

The slow path shares only the log with the facts. The fast path (KPIs from facts) must give the same figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from app.kpis.declaration.dimensions import ASSIGNMENT_DIMENSIONS, COLUMN, IDS, Dimension
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.declaration.still_open import StillOpen

FOLDER = Path(__file__).parent
#: The files with the CTEs that all definitions begin with, those that requests and problems add, and what
#: definitions of cases end with.
EVENTS, TURNS, CASES_ENDING = "_events.sql", "_turns.sql", "_cases.sql"
#: The files with the CTEs about agreements and clocks, and the processes whose cases have clocks; and that
#: about the calendars by which time counts, and the processes of whose cases that is asked.
CLOCK_FOLDER = "clock"
CLOCKS, CLOCKED = (
    (f"{CLOCK_FOLDER}/_agreements.sql", f"{CLOCK_FOLDER}/_clocks.sql"),
    ("incident", "request", "problem"),
)
HOURS, TIMED = "_hours.sql", ("incident", "request")
#: The folder of the definitions that are the same for every kind of ticket.
TICKET = "ticket"


class DefinitionPart(StrEnum):
    """Content of a definition, from the first line of its file: `-- parts: cases, opening`."""

    #: In the CTE `decided` the instant and event of each decision (`rank`; null if time alone decided). It
    #: has those of COMMON_DEFINITION's further columns that it decides, `left_out`, and `standing` if a case
    #: counts even if it is excluded later.
    cases = "cases"
    #: By time and not by cases: all of it, from what was agreed and what outages took of it.
    outages = "outages"
    #: Rows of its own, which another definition names.
    rows = "rows"
    #: The cases that are open at each of the instants `ends`.
    open = "open"
    ratings = "ratings"
    complaints = "complaints"
    catalogue = "catalogue"
    #: Columns of `decided`: the event that opens the case; the team, if the case does not have it; the reason
    #: for leaving it out of account (without such a column every case counts); everything else about the
    #: case.
    opening = "opening"
    team_id = "team_id"
    excluded = "excluded"
    known_then = "known_then"


#: Files with the additional CTEs at the beginning of a part's definitions, and the CTE with the owners of
#: openings.
BEGINNINGS = {
    DefinitionPart.open: "_alive.sql",
    DefinitionPart.outages: "incident/_outages.sql",
    DefinitionPart.ratings: f"{TICKET}/_ratings.sql",
    DefinitionPart.complaints: f"{TICKET}/_complaints.sql",
    DefinitionPart.catalogue: f"{TICKET}/_catalogue.sql",
}
FIRST_ASSIGNED = "_given.sql"
PARTS_HEADER = re.compile(r"-- parts: (\w+(?:, \w+)*)\n")
#: Reference from a definition to another one.
DEFINITION_REFERENCE = re.compile(r"\{(\w+/\w+)\}")
#: The folder of a process's definitions of open cases.
OPEN = "still_open"
#: The state that ends a case, for processes whose definitions follow the states of a case.
ENDED = {
    "request": "delivered",
    "problem": "resolved",
    "change": "implemented",
    "ci": "retired",
    "deployment": "succeeded",
    "sla": "terminated",
    "service": "retired",
    "article": "retired",
    "improvement_suggestion": "selected",
    "improvement": "standardised",
    "person": "erased",
    "corrective_action": "verified",
    "maintenance": "done",
    "audit": "concluded",
    "finding": "verified",
    "document": "archived",
    "risk": "closed",
}

#: The reason for which a case is excluded: its last state, or else what the definition gives as `left_out`.
#: Definitions with a column `excluded` give the reason themselves; open cases count whatever becomes of them.
COMMON_EXCLUSION = """coalesce(
    case when last_turn.state in ('cancelled', 'rejected', 'duplicate') and not its.said ? 'standing'
    then last_turn.state end, its.said->>'left_out')"""
OPEN_EXCLUSION = "its.said->>'left_out'"
OWN_EXCLUSION = "its.said->>'excluded'"

#: Columns of every definition, with one row per case. For open cases, `at` is the instant of the count,
#: `seconds` the case's age then, `on_hold` whether it is on hold then. `skewed` marks an adjusted time (see
#: kpi.SKEWABLE_FACTS); null if the definition does not decide it.
COMMON_DEFINITION = {
    "case_id": "uuid",
    "at": "timestamptz",
    "seconds": "bigint",
    "numerator": "bigint",
    "denominator": "bigint",
    "on_hold": "boolean",
    "skewed": "boolean",
    "excluded": "text",
}
COMMON_COLUMNS = tuple(COMMON_DEFINITION)
#: All columns of definitions: those, and those of the dimensions.
DEFINITION = COMMON_DEFINITION | {
    column: "uuid" if dimension in IDS else "text" for dimension, column in COLUMN.items()
}
#: The fields of cases that dimensions are read from.
KNOWN_FIELDS = ", ".join(
    sorted({f"'{name}'" for dimension in Dimension if dimension.raw for name in dimension.raw.ticket_fields})
)
#: The age class of an open case, by its seconds.
AGE = """case when seconds < 86400 then '0_to_1_days' when seconds < 259200 then '1_to_3_days'
  when seconds < 604800 then '3_to_7_days' when seconds < 2592000 then '7_to_30_days'
  else 'over_30_days' end"""

#: The definitions of the cases that complaints are compared with, of all cases that there are, and of the
#: active persons; and the temporary tables of each.
DELIVERED: Sequence[str] = ("request/requests_delivered", "incident/incidents_resolved")
OPENED: Sequence[str] = ("request/requests_opened", "incident/incidents_opened")
ACTIVE: Sequence[str] = ("person/still_open/active",)
NOTHING_PREPARED: Mapping[str, str] = {}


def definition_names(kpi: Kpi) -> list[str]:
    """Return the names of the KPI's main raw definitions: one for each kind of record that it counts."""
    if kpi.still_open is None or kpi.fact is not None:
        return [f"{process}/{kpi.key}" for process in kpi.processes]
    return open_names(kpi)


def open_names(kpi: Kpi) -> list[str]:
    """Return the names of the definitions of the open cases that the KPI counts or shows."""
    return [] if kpi.still_open is None else [open_name(process, kpi.still_open) for process in kpi.processes]


def all_definition_names(kpi: Kpi) -> list[str]:
    """Return the names of all definitions of the KPI."""
    names = definition_names(kpi)
    if kpi.aggregate is Aggregate.per_agent_day:
        names += work_definition_names(kpi)
    for reference in references_of(kpi):
        names += reference
    return [*names, *open_names(kpi)]


def references_of(kpi: Kpi) -> Sequence[Sequence[str]]:
    """Return the definitions of what the KPI's cases are compared with, as REFERENCES has them."""
    if not kpi.is_referenced:
        return ()
    return (ACTIVE,) if kpi.aggregate is Aggregate.per_staff else (DELIVERED, OPENED)


def work_definition_names(kpi: Kpi) -> list[str]:
    """Return the names of the definitions of who worked when on these kinds of records."""
    return [f"{process}/agent_days" for process in kpi.processes]


def open_name(process: str, still_open: StillOpen) -> str:
    """Return the name of a definition of a process's open cases."""
    return f"{process}/{OPEN}/{still_open.value}"


def definition(name: str, prepared: str | None = None) -> str:
    """Return the SQL of a definition. Its parameters are `position`, `now`, `currency` and, for open cases,
    `ends`.

    `prepared` replaces the common CTEs at the beginning, if they have been computed before. The common CTEs
    of all definitions are in EVENTS and CASES_ENDING; further ones of a process are in EVENTS of its folder,
    and those of the definition's parts in BEGINNINGS.
    """
    process, parts = process_of(name), declared_parts(name)
    text = read_files(*beginnings(name), definition_file(name)).replace("{process}", process)
    text = inline_references(text)
    if DefinitionPart.cases in parts:
        text += _ending(parts)
    return (inline_references(common_ctes(process)) if prepared is None else prepared) + text


def _ending(parts: frozenset[DefinitionPart]) -> str:
    """Return what a definition of cases with these parts ends with."""
    is_opening = DefinitionPart.opening in parts
    words = {
        "fields": KNOWN_FIELDS,
        "excluded": _exclusion(parts),
        "dimensions": ",\n  ".join(_dimension_column(dimension, parts) for dimension in COLUMN),
        "first_assigned": "left join first_given using (stream)" if is_opening else "",
    }
    ending = read_files(CASES_ENDING)
    for word, text in words.items():
        ending = ending.replace(f"{{{word}}}", text)
    return (read_files(FIRST_ASSIGNED) if is_opening else "") + ending


def _exclusion(parts: frozenset[DefinitionPart]) -> str:
    if DefinitionPart.excluded in parts:
        return OWN_EXCLUSION
    return OPEN_EXCLUSION if DefinitionPart.open in parts else COMMON_EXCLUSION


def _dimension_column(dimension: Dimension, parts: frozenset[DefinitionPart]) -> str:
    """Return the SQL of the dimension's column in a definition with these parts."""
    assert dimension.raw is not None
    column, expression = COLUMN[dimension], dimension.raw.expression
    if DefinitionPart.known_then in parts:
        expression = expression.replace("known.fields", "(its.said->'known_then')")
    if DefinitionPart.opening in parts and dimension in ASSIGNMENT_DIMENSIONS:
        expression = f"case when decided.opening then first_given.{column} else {expression} end"
    if DefinitionPart.team_id in parts and dimension is Dimension.team:
        expression = f"its.said->>'{column}'"
    return f"({expression})::{DEFINITION[column]} as {column}"


def declared_parts(name: str) -> frozenset[DefinitionPart]:
    """Return the parts of a definition, from the first line of its file."""
    file = definition_file(name)
    return read_parts(file, read_files(file))


def read_parts(file: str, text: str) -> frozenset[DefinitionPart]:
    """Return the parts that the text of the file declares: at least one, and no unknown one."""
    header = PARTS_HEADER.match(text)
    assert header, f"{file}: its first line says no parts"
    names = header[1].split(", ")
    unknown = sorted(set(names) - set(DefinitionPart))
    assert not unknown, f"{file}: unknown parts {', '.join(unknown)}"
    return frozenset(map(DefinitionPart, names))


def beginnings(name: str) -> list[str]:
    """Return the files with the CTEs that the definition begins with besides the common ones."""
    parts = declared_parts(name)
    return [file for part, file in BEGINNINGS.items() if part in parts]


def definition_file(name: str) -> str:
    """Return the file of a definition. One that is the same for every kind of ticket stands once, in the
    folder TICKET or, if it is of clocks, in CLOCK_FOLDER.
    """
    key = name.removeprefix(process_of(name))
    files = [f"{folder}{key}.sql" for folder in (process_of(name), CLOCK_FOLDER, TICKET)]
    return next(file for file in files if (FOLDER / file).exists())


def process_of(name: str) -> str:
    """Return the process to which the definition of that name belongs."""
    return name.split("/", maxsplit=1)[0]


def read_files(*names: str) -> str:
    """Return the contents of these definition files, joined to one text."""
    return "".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


def inline_references(text: str) -> str:
    """Return the text of a definition with those in it that it names as `{<process>/<name>}`, of another
    process: such a definition depends on several records.
    """
    return DEFINITION_REFERENCE.sub(lambda reference: f"({definition(reference[1])})", text)


def common_ctes(process: str) -> str:
    """Return the CTEs that all definitions of the process begin with, as they are written: their references
    to other definitions are not inlined yet (see `inline_references`).
    """
    turns = (TURNS,) if process in ENDED else ()
    clocks = CLOCKS if process in CLOCKED else ()
    hours = (HOURS,) if process in TIMED else ()
    common_text = read_files(EVENTS, *turns, *clocks, *hours, f"{process}/{EVENTS}")
    return common_text.replace("{process}", process).replace("{ended}", ENDED.get(process, ""))


def union_of(kpi: Kpi, names: Sequence[str], prepared: Mapping[str, str] = NOTHING_PREPARED) -> str:
    """Return the SQL of the cases of the named definitions, with the columns of the KPI's dimensions.

    `prepared` has, by process, the text that replaces the common CTEs.
    """
    columns = ", ".join(columns_of(kpi))
    definitions = [definition(name, prepared.get(process_of(name))) for name in names]
    return " union all ".join(f"select {columns} from ({text}) definition" for text in definitions)


def columns_of(kpi: Kpi) -> tuple[str, ...]:
    """Return the columns of the KPI's definitions."""
    return (*COMMON_COLUMNS, *(COLUMN[dimension] for dimension in kpi.dimensions if dimension in COLUMN))
