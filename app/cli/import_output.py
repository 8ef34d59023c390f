"""Reports of imports, printed in a terminal or as JSON."""

from __future__ import annotations

from typing import Any

from app.cli.output import print_line, print_table
from app.exchange.report import ImportReport


def as_json(report: ImportReport) -> dict[str, Any]:
    """Return the report as one JSON document; counts are of rows, events and cases, as their names show."""
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


def print_report(report: ImportReport, name: str, *, dry_run: bool) -> None:
    """Print the report on the file of that name."""
    refused = report.refused.total()
    rate = f", {report.events / report.seconds:,.0f} events/s" if report.events and report.seconds else ""
    print_line(f"{name}: {report.read:,} rows in {report.seconds:.1f} s{rate}.")
    if dry_run:
        print_line("This was a dry run: nothing was written.")
    if report.estimated:
        print_line(
            "The cases in the file are so mixed that the numbers of new cases and events are upper limits."
        )
    print_line(
        f"  new            {report.applied:,} rows: {report.events:,} events, {report.cases:,} new cases"
    )
    print_line(f"  known before   {report.repeated:,} rows")
    print_line(f"  refused        {refused:,} rows")
    print_line(f"  added          {report.added_persons:,} people, {report.added_teams:,} teams")
    if report.irregular:
        print_line("\nMarked as irregular, because they do not fit the lifecycle:")
        print_table(("what", "events"), [(code, f"{n:,}") for code, n in report.irregular.most_common()])
    if refused:
        print_line("\nFirst refused rows:")
        print_table(("line", "code", "reason"), report.first_refused)
        if refused > len(report.first_refused):
            print_line(
                f"All refusals: {', '.join(f'{code} {n:,}' for code, n in report.refused.most_common())}."
            )
        if report.likely_encoding is not None:
            likely = report.likely_encoding
            print_line(
                f"Most of them look like {likely}: use --encoding {likely}, or save the file as UTF-8."
            )
        if not dry_run:
            print_line(
                "The refused rows are stored, encrypted, in the table plumbing.refused_row (import "
                f"{report.run})."
            )
