"""What each command does, and what it says."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from app.kernel.actions.describe import as_markdown
from app.platform.installation import OWNER_ROLE
from app.registry import LIFECYCLES_BY_KIND
from tests.cli.conftest import Run, answered, environment
from tests.conftest import DatabaseUrls, Server
from tests.extent import first_of, in_test_all
from tests.forked import Forking
from tests.waiting import PATIENCE_SECONDS


def made(run: Run, *arguments: str) -> dict[str, object]:
    """A new key."""
    ended = run("keys", "make", "--json", *arguments)
    assert ended.returncode == 0, ended.stderr
    document: dict[str, object] = json.loads(ended.stdout)
    return document


def listed(run: Run) -> list[dict[str, object]]:
    """All keys."""
    keys: list[dict[str, object]] = json.loads(run("keys", "list", "--json").stdout)
    return keys


def test_a_key_is_made_listed_and_revoked(run: Run) -> None:
    document = made(
        run, "--role", "agent", "--role", "incident_manager", "--name", "Wang Wei 王伟", "--days", "30"
    )
    assert str(document["token"]).startswith("ldk_")
    (key,) = listed(run)
    assert (key["name"], key["state"], key["roles"]) == ("Wang Wei 王伟", "active", None)
    assert key["person_roles"] == ["agent", "incident_manager"]
    assert "agent, incident_manager" in run("keys", "list").stdout
    narrow = made(run, "--person", str(document["person"]), "--role", "agent")
    assert [key["roles"] for key in listed(run)] == [None, ["agent"]]
    assert narrow["person"] == document["person"]
    run("keys", "revoke", str(listed(run)[1]["id"]))
    assert (key["person_id"], key["expires_at"] is not None) == (document["person"], True)
    assert str(document["token"]).split("_", 2)[2] not in str(key)
    rotated = run("keys", "rotate", str(key["id"]), "--overlap-hours", "1").stdout.strip()
    assert rotated.startswith(f"ldk_{str(key['id']).replace('-', '')}_")
    assert rotated != document["token"]
    assert run("keys", "revoke", str(key["id"])).stdout == "Revoked.\n"
    again = run("keys", "revoke", str(key["id"]))
    assert (again.returncode, "Revoked" in again.stderr) == (4, True)
    assert [key["state"] for key in listed(run)] == ["revoked", "revoked"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    first_of(
        [
            (["--role", "boss"], 2, "boss"),
            (["--role", "agent", "--team", "nowhere"], 4, "nowhere"),
            (["--role", "agent@team/"], 2, "agent@team/"),
            (["--role", "agent@team/01970000-0000-7000-8000-000000000000"], 4, "01970000"),
            (["--role", "agent", "--name", ""], 2, "name"),
            (["--role", "agent", "--person", "nobody"], 4, "nobody"),
            ([], 2, "--role"),
            (["--admin", "--role", "agent"], 2, "--admin"),
        ],
        2,
    ),
    ids=str,
)
def test_a_key_that_cannot_be_made_is_refused_with_a_reason(
    run: Run, place: DatabaseUrls, arguments: list[str], code: int, words: str
) -> None:
    ended = run("keys", "make", *arguments)
    assert (ended.returncode, words in ended.stderr) == (code, True)
    with psycopg.connect(place.url) as connection:
        assert connection.execute("select count(*) from fold.key").fetchone() == (0,)
        assert connection.execute("select count(*) from fold.person").fetchone() == (0,)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    first_of(
        [
            (["keys", "revoke", "nonsense"], "ledgerdesk keys list"),
            (["keys", "rotate", "nonsense"], "ledgerdesk keys list"),
            (["people", "grant", "nonsense", "agent"], "person's page"),
            (["people", "revoke", "nonsense", "agent"], "person's page"),
        ],
        1,
    ),
    ids=str,
)
def test_an_id_that_no_record_has_is_named_with_a_way_to_find_the_right_one(
    run: Run, arguments: list[str], hint: str
) -> None:
    ended = run(*arguments)
    assert (ended.returncode, "“nonsense”" in ended.stderr, hint in ended.stderr) == (4, True, True)


def test_people_are_brought_in_granted_a_role_and_wrong_lines_named(run: Run, tmp_path: Path) -> None:
    teams, people = tmp_path / "teams.csv", tmp_path / "people.csv"
    teams.write_text("key,name\nnetwork,Network\n", encoding="utf-8")
    people.write_text("name,email,teams\nLin,lin@example.org,network\nWu,wu,\n", encoding="utf-8")
    ended = run("people", "import", str(people), "--teams", str(teams), "--dry-run")
    assert (ended.returncode, "people: 1 would be added" in ended.stdout) == (4, True)
    assert "line 3: email" in ended.stdout
    ended = run("people", "import", str(people), "--teams", str(teams), "--json")
    assert json.loads(ended.stdout)["people"]["added"] == 1
    person = str(made(run, "--role", "agent", "--name", "Zhao")["person"])
    assert run("people", "grant", person, "engineer@service/mail").stdout == "Granted.\n"
    assert run("people", "revoke", person, "agent").stdout == "Revoked.\n"
    again = run("people", "revoke", person, "agent")
    assert (again.returncode, "does not have this role" in again.stderr) == (4, True)
    assert (run("people", "import").returncode, run("people", "import", str(tmp_path)).returncode) == (2, 2)


def test_a_person_is_erased_once_and_their_keys_are_left(run: Run) -> None:
    person = str(made(run, "--role", "requester", "--name", "Olu Adeyemi")["person"])
    declined = run("erase", person, said="n\n")
    assert declined.returncode != 0
    assert "Olu Adeyemi" in declined.stderr, "the person is named before they are erased"
    assert listed(run)[0]["name"] == "Olu Adeyemi"
    assert "Erased." in run("erase", person, said="y\n").stdout
    assert [(key["name"], key["state"]) for key in listed(run)] == [(None, "active")]
    again = run("erase", person)
    assert (again.returncode, again.stdout) == (0, "This person was already erased.\n")
    assert "Continue?" not in again.stderr
    unknown = run("erase", "nobody")
    assert (unknown.returncode, "No person has the id “nobody”." in unknown.stderr) == (4, True)
    assert "Continue?" not in unknown.stderr, "it is asked only about a person who exists"


@in_test_all
def test_persons_of_the_same_name_are_named_and_erased_if_that_is_wanted(run: Run) -> None:
    namesakes = [str(made(run, "--role", "requester", "--name", "Li Na")["person"]) for _ in range(4)]
    named = run("erase", namesakes[0], "--yes").stdout
    assert all(f"ledgerdesk erase {other}" in named for other in namesakes[1:])
    offered = run("erase", namesakes[1], said="y\ny\nn\n")
    assert (offered.stdout.count("ledgerdesk erase"), "Erase this person, too?" in offered.stderr) == (
        1,
        True,
    )
    last = run("erase", offered.stdout.split("ledgerdesk erase ")[1].split()[0], "--yes", "--others")
    assert "same name" not in last.stdout


@in_test_all
def test_what_a_command_has_done_is_told_as_one_json_document(run: Run) -> None:
    def told(*arguments: str, said: str = "") -> Any:
        ended = run(*arguments, "--json", said=said)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    person = str(made(run, "--role", "agent")["person"])
    (key,) = (str(listed_key["id"]) for listed_key in listed(run))
    rotated = told("keys", "rotate", key, "--overlap-hours", "1")
    assert rotated.pop("token").startswith("ldk_")
    assert rotated == {"id": key, "overlap_seconds": 3600}
    assert told("keys", "revoke", key) == {"id": key, "state": "revoked"}
    granted = told("people", "grant", person, "engineer@service/mail")
    assert (granted["id"], sorted(granted["roles"])) == (person, ["agent", "engineer@service/mail"])
    assert told("people", "revoke", person, "agent")["roles"] == ["engineer@service/mail"]
    nothing_left: dict[str, Any] = {"others_erased": [], "others_left": [], "titles": []}
    erased = {"id": person, "state": "erased"} | nothing_left
    assert told("erase", person, said="y\n") == erased | {"erased_before": False}
    assert told("erase", person, "--yes") == erased | {"erased_before": True}
    assert told("reindex")["position"] > 0


@in_test_all
def test_a_rebuild_finds_the_row_that_somebody_changed_behind_the_logs_back(
    run: Run, place: DatabaseUrls, owner_url: str
) -> None:
    made(run, "--role", "agent")
    good = run("rebuild")
    assert (good.returncode, good.stdout) == (0, "2 events give exactly the live rows.\n")
    with psycopg.connect(place.owner_url) as owner:
        changed = owner.execute("update fold.key set roles = '{admin}' returning id").fetchone()
    assert changed is not None
    bad = run("rebuild", "--json")
    assert bad.returncode == 5
    report = json.loads(bad.stdout)
    assert report["differing"] == {"key": 1}
    assert report["differences"][0]["id"] == str(changed[0])
    assert report["differences"][0]["live"]["roles"] == ["admin"]
    assert report["remade"] == []
    # The facts of conformance follow from the log, too.
    with psycopg.connect(place.url) as connection:
        connection.execute(
            "insert into kpi.process_step (case_id, n, type, state, at, returns) "
            "values (gen_random_uuid(), 1, 'incident.reported', 'new', now(), false)"
        )
        connection.execute(
            "insert into kpi.process_case (case_id, kind, source, state, started_at, variant, steps, "
            "step_seconds, all_variant, all_steps, all_changes, all_seconds) select case_id, 'incident', "
            "'api', 'new', at, case_id, '{}', '{}', case_id, '{}', '{}', '{}' from kpi.process_step"
        )
    for remade in (["process_case/incident", "process_step/incident"], []):
        assert json.loads(run("rebuild", "--json").stdout)["remade"] == remade
    # Only the owner puts fresh rows in the place of those that are wrong, and who says so gets them.
    refused = run("rebuild", "--swap")
    assert (refused.returncode, "LEDGERDESK_OWNER_URL" in refused.stderr) == (2, True)
    swapped = run("rebuild", "--swap", "--json", owner_url=owner_url)
    assert json.loads(swapped.stdout)["differing"] == {"key": 1}
    assert run("rebuild").returncode == 0


@pytest.fixture
def empty(server: Server) -> Iterator[DatabaseUrls]:
    """A database that belongs to the owner's role and has never been migrated."""
    name = sql.Identifier(f"{server.databases.prefix}_empty_{secrets.token_hex(4)}")
    with psycopg.connect(server.administrator, autocommit=True) as administrator:
        administrator.execute(sql.SQL("create database {} owner {}").format(name, sql.Identifier(OWNER_ROLE)))
        database = name.as_string(administrator).strip('"')
        yield DatabaseUrls(
            server.address(database, "service"), server.address(database, "owner"), server.one_role
        )
        administrator.execute(sql.SQL("drop database {} with (force)").format(name))


def test_a_database_is_migrated_by_its_owner_and_then_served_by_the_service(
    run: Run, empty: DatabaseUrls
) -> None:
    before = run("keys", "list", database_url=empty.url)
    assert (before.returncode, "ledgerdesk migrate" in before.stderr) == (2, True)
    without = run("migrate", database_url=empty.url)
    assert (without.returncode, "LEDGERDESK_OWNER_URL" in without.stderr) == (2, True)
    done = run("migrate", database_url=empty.url, owner_url=empty.owner_url)
    assert (done.returncode, done.stdout.startswith("The schema is ")) == (0, True)
    # Twice is as good as once.
    again = run("migrate", "--json", database_url=empty.url, owner_url=empty.owner_url)
    assert done.stdout == f"The schema is {json.loads(again.stdout)['schema']}.\n"
    counted = run("migrate", "--json", "--count-names", database_url=empty.url, owner_url=empty.owner_url)
    assert json.loads(counted.stdout)["names_in_clear"] == 0
    assert run("keys", "list", "--json", database_url=empty.url).stdout == "[]\n"


def test_lifecycles_are_printed_as_they_stand_in_the_docs_as_diagrams_and_as_data(run: Run) -> None:
    page = run("lifecycles", "incident").stdout
    assert page.strip() == as_markdown(LIFECYCLES_BY_KIND["incident"]).strip()
    every = json.loads(run("lifecycles", "--form", "json").stdout)
    assert [lifecycle["kind"] for lifecycle in every] == list(LIFECYCLES_BY_KIND)
    wrong = run("lifecycles", "incidnt")
    assert (wrong.returncode, "did you mean incident?" in " ".join(wrong.stderr.split())) == (2, True)


# `make check` runs the command, and tests/contract/test_drift.py compares the same.
@in_test_all
def test_the_contract_is_as_the_code_says(run: Run) -> None:
    ended = run("contract", "--check")
    assert (ended.returncode, "up to date" in ended.stdout) == (0, True)


def test_the_service_answers_until_it_is_stopped(
    place: DatabaseUrls, forking: Forking, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = environment(database_url=place.url, secrets_dir=str(tmp_path / "secrets"))
    log_file = tmp_path / "said"
    process = forking.start("serve", "--port", str(port), environment=variables, log=log_file)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS) as client:
            assert answered(client, "/readyz").json() == {"ready": True, "missing": []}
            assert client.get("/v1/meta").status_code == 401
            # What only a real server meets: a request that is not HTTP as it should be.
            assert client.get("/v1/%zz%", headers={"Authorization": "Bearer x"}).status_code == 401
    finally:
        process.terminate()
        code = process.wait(PATIENCE_SECONDS)
    assert "Traceback" not in log_file.read_text(encoding="utf-8")
    assert code in (0, 143)
