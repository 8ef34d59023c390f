"""What an import has brought, shown in a terminal or as JSON."""

from __future__ import annotations

from typing import Any

from app.cli.say import say, table
from app.exchange.report import Report


def as_json(report: Report) -> dict[str, Any]:
    """The report as one JSON document; counts are of rows, of events and of cases, as their names say."""
    return {
        "run": str(report.run),
        "rows": {
            "read": report.read,
            "applied": report.applied,
            "repeated": report.repeated,
            "refused": report.refused.total(),
        },
        "cases": report.cases,
        "events": report.events,
        "persons": report.added_persons,
        "teams": report.added_teams,
        "seconds": round(report.seconds, 3),
        "estimated": report.estimated,
        "irregular": dict(report.irregular.most_common()),
        "refused": dict(report.refused.most_common()),
        "likely_encoding": report.likely_encoding,
        "first_refused": [
            {"line": line, "code": code, "reason": reason} for line, code, reason in report.first_refused
        ],
    }


def print_report(report: Report, name: str, *, dry_run: bool) -> None:
    """Prints the report on the file of that name."""
    refused = report.refused.total()
    rate = f", {report.events / report.seconds:,.0f} events/s" if report.events and report.seconds else ""
    say(f"{name}: {report.read:,} rows in {report.seconds:.1f} s{rate}.")
    if dry_run:
        say("This was a dry run: nothing was written.")
    if report.estimated:
        say("So many cases are mixed in the file that the numbers of new cases and events are upper limits.")
    say(f"  new            {report.applied:,} rows: {report.events:,} events, {report.cases:,} new cases")
    say(f"  told before    {report.repeated:,} rows")
    say(f"  refused        {refused:,} rows")
    say(f"  added          {report.added_persons:,} persons, {report.added_teams:,} teams")
    if report.irregular:
        say("\nMarked as irregular, by what does not fit the lifecycle:")
        table(("what", "events"), [(code, f"{n:,}") for code, n in report.irregular.most_common()])
    if refused:
        say("\nRefused rows, the first ones:")
        table(("line", "code", "reason"), report.first_refused)
        if refused > len(report.first_refused):
            say(f"Of all: {', '.join(f'{code} {n:,}' for code, n in report.refused.most_common())}.")
        if report.likely_encoding is not None:
            likely = report.likely_encoding
            say(f"Most of them look like {likely}: say --encoding {likely}, or save the file as UTF-8.")
        if not dry_run:
            say(f"They are kept, encrypted, in plumbing.refused_row, as of the import {report.run}.")
