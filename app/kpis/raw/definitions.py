"""The definitions of KPIs over the raw events: the files of each, and its SQL. Pure but for reading these
files.

The slow path shares only the log with the facts. The fast path (KPIs from facts) must give the same figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.declaration.still_open import StillOpen

FOLDER = Path(__file__).parent
#: The files with the CTEs that all definitions begin and end with, those that requests and problems add at
#: the beginning, those that definitions of open cases add, and those that definitions of openings add at the
#: end.
EVENTS, CASES_ENDING, TURNS, OPEN_TURNS = "_events.sql", "_cases.sql", "_turns.sql", "_alive.sql"
FIRST_ASSIGNED = "_given.sql"
#: The files with the CTEs about agreements and clocks, and the processes whose cases have clocks; and that
#: about the calendars by which time counts, and the processes of whose cases that is asked.
CLOCK_FOLDER = "clock"
CLOCKS, CLOCKED = (
    (f"{CLOCK_FOLDER}/_agreements.sql", f"{CLOCK_FOLDER}/_clocks.sql"),
    ("incident", "request", "problem"),
)
HOURS, TIMED = "_hours.sql", ("incident", "request")
#: The file, in the folder of incidents, that all definitions of outages begin with besides.
OUTAGES = "incident/_outages.sql"
#: The folders of definitions that are the same for every kind of ticket, and what they begin with, by a word
#: in their names.
TICKET = "ticket"
TICKET_BEGINNINGS = {"csat": f"{TICKET}/_ratings.sql", "complaint": f"{TICKET}/_complaints.sql"}
#: What a definition names another one by.
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
}

#: The reason for which a case is excluded: its last state, unless it counts as open, or else what the
#: definition gives as `left_out`. Definitions with a column `excluded` give the reason themselves.
COMMON_EXCLUSION = """coalesce(
    case when last_turn.state in ('cancelled', 'rejected', 'duplicate') and not decided.standing
    then last_turn.state end, its.said->>'left_out')"""
OWN_EXCLUSION = "its.said->>'excluded'"

#: The columns of definitions: COMMON_COLUMNS and those of a KPI's dimensions, with one row per case. For open
#: cases, `at` is the instant of the count, `seconds` the case's age then, `on_hold` whether it is on hold
#: then. `skewed` tells whether the time was adjusted (see kpi.SKEWABLE_FACTS); null where the definition does
#: not say.
DEFINITION = {
    "case_id": "uuid",
    "at": "timestamptz",
    "seconds": "bigint",
    "numerator": "bigint",
    "denominator": "bigint",
    "on_hold": "boolean",
    "skewed": "boolean",
    "excluded": "text",
    "priority": "text",
    "team_id": "uuid",
    "service": "text",
    "category": "text",
    "channel": "text",
    "assignee_id": "uuid",
    "customer_id": "uuid",
    "path": "text",
    "catalogue_item": "text",
    "approver_role": "text",
    "state": "text",
    "source": "text",
    "from_team_id": "uuid",
    "to_team_id": "uuid",
    "change_type": "text",
    "risk": "text",
    "verdict": "text",
    "ci_class": "text",
    "authorisation": "text",
    "agreement_id": "uuid",
    "metric": "text",
    "cause": "text",
    "agreement_type": "text",
    "owner_id": "uuid",
    "subject": "text",
    "process": "text",
    "size": "text",
    "offered_by": "text",
}
COLUMN = {
    Dimension.priority: "priority",
    Dimension.team: "team_id",
    Dimension.service: "service",
    Dimension.category: "category",
    Dimension.channel: "channel",
    Dimension.assignee: "assignee_id",
    Dimension.customer: "customer_id",
    Dimension.path: "path",
    Dimension.catalogue_item: "catalogue_item",
    Dimension.approver_role: "approver_role",
    Dimension.state: "state",
    Dimension.source: "source",
    Dimension.from_team: "from_team_id",
    Dimension.to_team: "to_team_id",
    Dimension.change_type: "change_type",
    Dimension.risk: "risk",
    Dimension.verdict: "verdict",
    Dimension.ci_class: "ci_class",
    Dimension.authorisation: "authorisation",
    Dimension.agreement: "agreement_id",
    Dimension.metric: "metric",
    Dimension.cause: "cause",
    Dimension.agreement_type: "agreement_type",
    Dimension.owner: "owner_id",
    Dimension.subject: "subject",
    Dimension.process: "process",
    Dimension.size: "size",
    Dimension.offered_by: "offered_by",
}
#: The columns that every definition has.
COMMON_COLUMNS = ("case_id", "at", "seconds", "numerator", "denominator", "on_hold", "skewed", "excluded")
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
    return [] if kpi.still_open is None else [open_name(one, kpi.still_open) for one in kpi.processes]


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
    of all definitions are in EVENTS and CASES_ENDING; further ones of a process are in EVENTS of its folder.
    The file of a definition adds the CTE `decided`: for each case the instant and event of the decision
    (`rank`; null if time alone decided), its numbers, whether it counts even if it is excluded later
    (`standing`), in KPIs of openings, which event is one (`opening`), and, where that is not told of the case
    itself, its team (`team_id`), why it was left out of account (`excluded`), or all that was known
    (`known_then`).
    """
    process = process_of(name)
    is_open = name.startswith(f"{process}/{OPEN}/")
    alive = (OPEN_TURNS,) if is_open else ()
    own = read_files(*definition_files(name)).replace("{process}", process)
    if "decided as (" not in own:  # what is counted by time, not by cases, says all of it
        own = (read_files(OUTAGES) if "agreed_in" in own else "") + own
        return (
            inline_references(common_ctes(process)) if prepared is None else prepared
        ) + inline_references(own)
    of_openings = " as opening" in own
    ending = (
        read_files(*alive)
        + inline_references(own)
        + (read_files(FIRST_ASSIGNED) if of_openings else "")
        + read_files(CASES_ENDING)
    )
    words = {"on_hold": "decided.on_hold" if is_open else "null::boolean"}
    words |= {"given": "left join first_given using (stream)" if of_openings else ""}
    for column in ("team_id", "assignee_id"):
        known = f"known.fields->>'{column}'"
        given = f"case when decided.opening then first_given.{column} else {known} end"
        words[column] = given if of_openings else known
    if " as team_id" in own:
        words["team_id"] = "its.said->>'team_id'"
    words["excluded"] = OWN_EXCLUSION if " as excluded" in own else COMMON_EXCLUSION
    for word, text in words.items():
        ending = ending.replace(f"{{{word}}}", text)
    if " as known_then" in own:
        ending = ending.replace("known.fields", "(its.said->'known_then')")
    return (inline_references(common_ctes(process)) if prepared is None else prepared) + ending


def definition_files(name: str) -> tuple[str, ...]:
    """Return the files of a definition. One that is the same for every kind of ticket stands once, in the
    folder TICKET or, if it is of clocks, in CLOCK_FOLDER, behind what its like begin with.
    """
    for folder in (process_of(name), CLOCK_FOLDER):
        own = f"{folder}{name.removeprefix(process_of(name))}.sql"
        if (FOLDER / own).exists():
            return (own,)
    own = f"{TICKET}{name.removeprefix(process_of(name))}.sql"
    return (*(begin for word, begin in TICKET_BEGINNINGS.items() if word in own), own)


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
    return DEFINITION_REFERENCE.sub(lambda found: f"({definition(found[1])})", text)


def common_ctes(process: str) -> str:
    """Return the CTEs that all definitions of the process begin with, as they are written: their references
    to other definitions are not inlined yet (see `inline_references`).
    """
    turns = (TURNS,) if process in ENDED else ()
    clocks = CLOCKS if process in CLOCKED else ()
    hours = (HOURS,) if process in TIMED else ()
    whole = read_files(EVENTS, *turns, *clocks, *hours, f"{process}/{EVENTS}")
    return whole.replace("{process}", process).replace("{ended}", ENDED.get(process, ""))


def union_of(kpi: Kpi, names: Sequence[str], prepared: Mapping[str, str] = NOTHING_PREPARED) -> str:
    """Return the SQL of the cases of the named definitions, with the columns of the KPI's dimensions.

    `prepared` has, by process, the text that replaces the common CTEs.
    """
    columns = ", ".join(columns_of(kpi))
    definitions = [definition(name, prepared.get(process_of(name))) for name in names]
    return " union all ".join(f"select {columns} from ({text}) definition" for text in definitions)


def columns_of(kpi: Kpi) -> tuple[str, ...]:
    """Return the columns of the KPI's definitions."""
    return (*COMMON_COLUMNS, *(COLUMN[one] for one in kpi.dimensions if one in COLUMN))
