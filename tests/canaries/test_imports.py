"""What imports and uploads bring is gone when everybody is erased."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from uuid import UUID, uuid4

from app.common.people import Role, rule_caller
from app.exchange.organisation_import import OrganisationImport
from tests.canaries.dump import everything
from tests.canaries.erasing import erase_everybody
from tests.canaries.marks import Marks
from tests.canaries.permitted import not_permitted
from tests.client import Api, Client, an_incident
from tests.conftest import DatabaseUrls
from tests.exchange.test_import_jobs import asked_for, worked_off
from tests.people import context

MAPPING = """
process = "incident"
case = "case"
at = "at"
opened = "opened"
actor = "by"
opener = "opened by"
[state]
column = "state"
values = { open = "in_progress", done = "resolved" }
[fields]
title = "title"
description = "description"
resolution = "resolution"
cause = "cause"
requester = "requester"
assignee = "assignee"
"""
PERSONS = ("by", "opened by", "requester", "assignee")
#: `notes` and `contact` are named by no key of the mapping.
TEXTS = ("title", "description", "resolution", "cause", "notes", "contact")


def history(marks: Marks) -> bytes:
    """A history with words in all that is no code, and rows that are refused."""
    people = {name: f"{marks.mark(name)} Adeyemi" for name in PERSONS}
    rows = [
        {"case": "1", "at": f"2026-03-02T0{hour}:00:00Z", "opened": "2026-03-02T07:00:00Z", "state": state}
        | people
        | {name: marks.mark(name) for name in TEXTS}
        for hour, state in ((8, "open"), (9, "done"))
    ]
    rows += [
        # No time of a row, so that it is refused; a time of opening and a state that are somebody's words.
        rows[0] | {"at": marks.mark("bad at"), "title": marks.mark("title of a refused row")},
        rows[0] | {"case": "", "description": marks.mark("text of a refused row")},
        rows[0] | {"case": "2", "opened": marks.mark("bad opened")},
    ]
    written = io.StringIO()
    table = csv.DictWriter(written, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return written.getvalue().encode()


def organisation(marks: Marks) -> str:
    """A table of persons, and a line that is refused."""
    heading = ("name", "email", "phone", "login", "post", "grade")
    line = [marks.mark("name"), f"{marks.mark('email')}@example.org"]
    line += [marks.mark(name) for name in ("phone", "login", "post")]
    wrong = [marks.mark("name"), marks.mark("no address"), "", "", "", marks.mark("no grade")]
    return "\n".join(",".join(cells) for cells in (heading, [*line, "staff"], wrong)) + "\n"


async def send_files(client: Client, marks: Marks) -> None:
    """An upload that a ticket has, and one that nothing has."""
    ticket = await client.post_ok("/v1/incidents", an_incident())
    for name in (marks.mark("name of a file"), None):
        path = f"/v1/uploads/{uuid4()}"
        sent = await client.put(path, content=marks.mark("content of a file").encode())
        assert sent.status_code == 200, sent.text
        if name is not None:
            attached = {"upload": sent.json()["id"], "name": f"{name}.txt"}
            await client.post_ok(f"/v1/incidents/{ticket['id']}/attach", attached)


async def test_what_imports_and_uploads_bring_is_erased_with_everybody(
    api: Api, place: DatabaseUrls, tmp_path: Path
) -> None:
    admin, marks = await api.client("Ada", Role.admin), Marks()
    other = await api.client("Lin", Role.admin)
    table = tmp_path / "people.csv"
    table.write_text(organisation(marks), encoding="utf-8")
    await OrganisationImport(api.ledger, context(rule_caller("command_line")), False).people(table)
    table.unlink()
    file_name = f"{marks.mark('file_name')}.csv"
    query = {"format": "csv", "source": "desk", "mapping": MAPPING, "file_name": file_name}
    import_job = await asked_for(other, history(marks), **query)
    await worked_off(place, api)
    rows = (await admin.read(f"/v1/imports/{import_job['id']}"))["rows"]
    assert (rows["applied"], rows["refused"]) == (2, 3)
    await send_files(other, marks)
    await erase_everybody(api.ledger, UUID(admin.id))
    left = not_permitted(await everything(api.ledger, tmp_path), marks)
    assert not left, "\n".join(left)
