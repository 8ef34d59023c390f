"""Imports that are asked for over HTTP, and brought in by a worker."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.common.people import Role
from app.exchange import import_jobs
from app.exchange.files import InMemoryFile
from app.exchange.load import load
from app.exchange.readers.xes import Xes
from app.kernel import uploads
from app.kernel.consumers import polling as rounds
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.platform.settings import PROJECT
from tests.cases import each_case
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.exchange.servicenow_files import NOW, a_case, a_mapping, outcome, text_of, the_fold_holds
from tests.exchange.test_delimited import LEAST
from tests.exchange.test_xes import a_log, a_trace, steps

MAPPING = (PROJECT / "tests" / "exchange" / "mappings" / "vinst_incidents.toml").read_text(encoding="utf-8")
LOG = a_log(
    *(a_trace(f"1-{n}", steps("Queued/Awaiting Assignment", "Accepted/In Progress")) for n in range(5)),
    a_trace("", steps("Queued/Awaiting Assignment")),
    a_trace("1-9", steps("Completed/In Call", "never")),
)


async def sent(client: Client, file: bytes) -> str:
    """The id of a new upload."""
    answer = await client.put(f"/v1/uploads/{uuid4()}", content=file)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def asked_for(client: Client, file: bytes, **changed: Any) -> Json:
    """What is answered to whoever asks for an import of the file."""
    body = {"upload": await sent(client, file), "format": "xes", "source": "vinst", "mapping": MAPPING}
    answer = await client.post("/v1/imports", json=body | changed)
    assert answer.status_code == 202, answer.text
    result: Json = answer.json()
    return result


async def worked_off(place: DatabaseUrls, api: Api) -> int:
    """How many imports a worker brings in until none waits."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    done = 0
    while await import_jobs.import_next(connection, api.ledger, lambda: NOW):
        done += 1
    await connection.close()
    return done


async def test_a_file_is_brought_in_and_says_how_far_it_is_and_what_it_refused(
    api: Api, place: DatabaseUrls
) -> None:
    ada = await api.client("Ada", Role.admin)
    file = gzip.compress(LOG.encode())
    job = await asked_for(ada, file, file_name="may.xes.gz")
    path = f"/v1/imports/{job['id']}"
    assert (job["state"], job["size"], job["done"]) == ("waiting", len(file), 0)
    assert job["rows"] == {"read": 0, "applied": 0, "repeated": 0, "refused": 0}
    assert await worked_off(place, api) == 1
    done = await ada.read(path)
    assert (done["state"], done["done"], done["failure"]) == ("done", len(file), None)
    assert (job["in_kpis"], done["in_kpis"]) == (None, False)
    follower = await connect(place.url, FOLLOW_LIMITS)
    await catch_up(follower, FACTS)
    await follower.close()
    assert (await ada.read(path))["in_kpis"] is True
    assert done["rows"] == {"read": 13, "applied": 12, "repeated": 0, "refused": 1}
    assert (done["cases"], done["asked_by"], done["file_name"]) == (6, ada.id, "may.xes.gz")
    (refused,) = (await ada.read(f"{path}/refused"))["items"]
    assert (refused["code"], refused["reason"]) == ("no_case", "the row has no trace:concept:name")
    assert refused["line"] > 7
    assert await uploads.find_upload(api.ledger.db, job["id"]) is None, "the file is not kept any longer"
    assert await worked_off(place, api) == 0
    await the_fold_holds(api.ledger)


async def test_asked_for_once_more_it_is_the_same_import(api: Api, place: DatabaseUrls) -> None:
    ada = await api.client("Ada", Role.admin)
    job = await asked_for(ada, LOG.encode())
    body = {"upload": job["id"], "format": "xes", "source": "vinst", "mapping": MAPPING}
    assert (await ada.post("/v1/imports", json=body)).json() == job
    other = await ada.post("/v1/imports", json=body | {"source": "else"})
    assert (other.status_code, other.json()["code"]) == (409, "upload_taken")
    await worked_off(place, api)
    again = await asked_for(ada, LOG.encode())
    await worked_off(place, api)
    rows = (await ada.read(f"/v1/imports/{again['id']}"))["rows"]
    assert rows == {"read": 13, "applied": 0, "repeated": 12, "refused": 1}
    pages = await ada.pages("/v1/imports", limit=1)
    assert [item["id"] for page in pages for item in page] == [again["id"], job["id"]]


async def test_a_worker_that_was_killed_leaves_its_import_to_another(api: Api, place: DatabaseUrls) -> None:
    ada = await api.client("Ada", Role.admin)
    job = await asked_for(ada, LOG.encode())
    killed = await connect(place.url, FOLLOW_LIMITS)
    assert await (await killed.execute(rounds.LOCK.encode(), ("import", job["id"]))).fetchone() == (True,)
    first = a_log(*(a_trace(f"1-{n}", steps("Queued/Awaiting Assignment")) for n in range(3)))
    reader = Xes(a_mapping("vinst_incidents"), NOW)
    await load(api.ledger, InMemoryFile("the first", first.encode()), reader, source="vinst", now=NOW)
    assert await worked_off(place, api) == 0, "another worker has it"
    await uploads.purge_expired(api.ledger.db, NOW + timedelta(days=3))
    await killed.close()
    assert await worked_off(place, api) == 1
    done = await ada.read(f"/v1/imports/{job['id']}")
    assert (done["state"], done["rows"]["repeated"], done["rows"]["applied"]) == ("done", 3, 9)
    assert len((await outcome(api.ledger.db))[0]) == 6
    await the_fold_holds(api.ledger)


async def test_each_format_can_be_asked_for(api: Api, place: DatabaseUrls) -> None:
    ada = await api.client("Ada", Role.admin)
    audit = text_of(a_case("INC1", "New", "Active"))
    asks: list[tuple[bytes, dict[str, Any]]] = [
        (audit.encode(), {"format": "servicenow", "zone": "UTC", "mapping": None}),
        (b"id,at,s\n1,2026-03-02 08:00:00,open\n", {"format": "csv", "zone": "UTC", "mapping": LEAST}),
        (
            b'{"case": "1", "at": "2026-03-02T08:00:00Z", "state": "new"}\n',
            {"format": "ndjson", "mapping": None},
        ),
    ]
    for file, body in asks:
        await asked_for(ada, file, source=body["format"], **body)
    assert await worked_off(place, api) == 3
    items = (await ada.read("/v1/imports"))["items"]
    assert [(item["state"], item["cases"]) for item in items] == [("done", 1)] * 3


async def test_the_source_is_that_of_the_mapping_if_no_other_is_said(api: Api) -> None:
    ada = await api.client("Ada", Role.admin)
    job = await asked_for(ada, b"id,at,s\n", format="csv", source=None, mapping=f'source = "desk"\n{LEAST}')
    assert job["source"] == "desk"
    again = {"format": "csv", "mapping": f'source = "desk"\n{LEAST}', "upload": job["id"]}
    assert (await ada.post("/v1/imports", json=again)).json()["id"] == job["id"]
    audit = await asked_for(ada, b"number\n", format="servicenow", source=None, mapping=None, zone="UTC")
    assert audit["source"] == "servicenow", "as at the shell"


@each_case(
    ("changed", "pointer", "message"),
    [
        ({"upload": str(uuid4())}, "/upload", "no completely uploaded file of yours"),
        ({"mapping": None}, "/mapping", "files in the format “xes” need a mapping"),
        ({"mapping": MAPPING.replace('"new"', '"nwe"')}, "/mapping", "'nwe' is unknown; use 'new'"),
        ({"mapping": "x"}, "/mapping", "The mapping is not valid TOML"),
        ({"zone": "Mars"}, "/zone", "'Mars' is not the name of a time zone"),
        ({"format": "servicenow", "mapping": None}, "/zone", "contain no time zone"),
        ({"format": "xml"}, "/format", "csv"),
        ({"source": "The Desk"}, "/source", ""),
        ({"source": None, "mapping": MAPPING.replace("source =", "#")}, "/source", "is required"),
        ({"source": None, "mapping": MAPPING.replace('"vinst"', '"The Desk"')}, "/source", "The Desk"),
        ({"sorce": "x"}, "/sorce", ""),
    ],
)
async def test_what_is_wrong_is_said_before_anything_is_done(
    api: Api, changed: Json, pointer: str, message: str
) -> None:
    ada = await api.client("Ada", Role.admin)
    body = {"upload": await sent(ada, b"<log/>"), "format": "xes", "source": "vinst", "mapping": MAPPING}
    answer = await ada.post("/v1/imports", json=body | changed)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert message in error["message"]
    assert (await ada.read("/v1/imports"))["items"] == []


async def test_a_file_that_is_wrong_fails_and_says_why(api: Api, place: DatabaseUrls) -> None:
    ada = await api.client("Ada", Role.admin)
    job = await asked_for(ada, b"<html/>")
    assert await worked_off(place, api) == 1
    result = await ada.read(f"/v1/imports/{job['id']}")
    assert result["state"] == "failed"
    assert result["failure"] == "The file is not XES: it begins with <html>, not with <log>."


async def test_administrators_import_and_nobody_else(api: Api) -> None:
    ada = await api.client("Ada", Role.admin)
    job = await asked_for(ada, LOG.encode())
    olu = await api.client("Olu", Role.incident_manager)
    body = {"upload": job["id"], "format": "xes", "source": "vinst", "mapping": MAPPING}
    answers = [await olu.post("/v1/imports", json=body)]
    for path in ("", f"/{job['id']}", f"/{job['id']}/refused"):
        answers.append(await olu.get(f"/v1/imports{path}"))
    assert {answer.status_code for answer in answers} == {403}
    assert (await ada.get(f"/v1/imports/{uuid4()}")).status_code == 404


async def test_only_so_many_may_wait(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_jobs, "MOST_WAITING", 1)
    ada = await api.client("Ada", Role.admin)
    await asked_for(ada, LOG.encode())
    body = {"upload": await sent(ada, LOG.encode()), "format": "xes", "source": "vinst", "mapping": MAPPING}
    answer = await ada.post("/v1/imports", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_imports")
