"""A list whose filter names what no record has says so: it would read as "there is no work"."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from app.api.listings.unknown_names import NAMING_FILTERS
from app.common.people import Role
from tests.client import Api, Json, an_incident
from tests.contract.answers import document

INCIDENTS = "/v1/incidents"
#: Answers with queries of their own.
NO_LISTS_OF_RECORDS = frozenset({"/v1/documents", "/v1/documents/register"})


def references() -> list[tuple[str, str, Json]]:
    """Each filter of a list that refers to records: its path, name and reference. Names of processes are left
    out: records may name one that no definition has.
    """
    paths: dict[str, Any] = document()["paths"]
    return [
        (path, parameter["name"], parameter["schema"]["x-reference"])
        for path, operations in paths.items()
        for parameter in operations.get("get", {}).get("parameters", ())
        if "{" not in path and "x-reference" in parameter.get("schema", {})
        if parameter["schema"]["x-reference"]["by"] != "name"
    ]


async def test_every_list_says_that_nothing_has_the_name_in_its_filter(api: Api) -> None:
    client = await api.client("Ada", *(role for role in Role if role is not Role.integration))
    silent = []
    for path, name, reference in references():
        unknown = str(uuid4()) if reference["kind"] == "person" else "no-such-name"
        response = await client.get(path, params={name: unknown})
        answer = response.json() if "json" in response.headers.get("content-type", "") else {}
        warnings = answer.get("warnings") or answer.get("errors") or [{"parameter": None}]
        if warnings[0]["parameter"] != name:
            silent.append((path, name, response.status_code))
    assert len(references()) > 100
    assert {path for path, _, _ in silent} == NO_LISTS_OF_RECORDS, silent


def naming_filters() -> list[tuple[str, str]]:
    """Each filter of a list that takes texts which name something without a reference: its path and name."""
    paths: dict[str, Any] = document()["paths"]
    return [
        (path, parameter["name"])
        for path, operations in paths.items()
        if not path.startswith("/v1/kpis")
        for parameter in operations.get("get", {}).get("parameters", ())
        if "{" not in path and parameter["name"].removesuffix("_not") in NAMING_FILTERS
        if "Word" in json.dumps(parameter["schema"])
    ]


async def test_every_list_says_that_nothing_has_the_process_kpi_key_or_tag_in_its_filter(api: Api) -> None:
    client = await api.client("Ada", *(role for role in Role if role is not Role.integration))
    silent = []
    for path, name in naming_filters():
        page = (await client.get(path, params={name: "no-such-name"})).json()
        if [warning["parameter"] for warning in page.get("warnings", ())] != [name]:
            silent.append((path, name))
    assert {name.removesuffix("_not") for _, name in naming_filters()} == NAMING_FILTERS
    assert {path for path, _ in silent} <= NO_LISTS_OF_RECORDS, silent


async def test_processes_kpis_keys_and_tags_that_there_are_need_no_warning(api: Api) -> None:
    ada = await api.client("Ada", *(role for role in Role if role is not Role.integration))
    await api.team("network")
    incident = await ada.post_ok(INCIDENTS, an_incident())
    await ada.post_ok(f"{INCIDENTS}/{incident['id']}/tag", {"tag": "printer"})
    for path, filters in (
        ("/v1/teams", {"key": "network"}),
        ("/v1/kpi_targets", {"kpi": "incident_resolution_seconds"}),
        ("/v1/risks", {"process": "incident"}),
        (INCIDENTS, {"tag": "printer,none"}),
    ):
        assert "warnings" not in await ada.read(path, **filters), path
    (warning,) = (await ada.read("/v1/kpi_targets", kpi="incident_resolution_second"))["warnings"]
    assert warning["detail"].startswith("There is no KPI “incident_resolution_second”. Did you mean")


async def test_similar_names_are_offered(api: Api) -> None:
    ada = await api.client("Ada", Role.service_level_manager, Role.agent)
    await api.team("network")
    names = {"key": "campus-mail", "name_en": "Mail", "name_zh": "邮件"}
    await ada.post_ok("/v1/services", {**names, "criticality": "high", "owner": "me"})
    page = await ada.read(INCIDENTS, team_not="network,netwrok", service="campus-mial,campus-mail,none")
    by_service, by_team = page["warnings"]
    assert by_service == {
        "parameter": "service",
        "code": "unknown_service",
        "detail": "There is no service “campus-mial”. Did you mean campus-mail?",
        "near": ["campus-mail"],
    }
    assert (by_team["parameter"], by_team["code"], by_team["near"]) == (
        "team_not",
        "unknown_team",
        ["network"],
    )
    requester = await api.client("Rae")
    (hidden,) = (await requester.read(INCIDENTS, service="campus-mial"))["warnings"]
    assert hidden["near"] == [], "the requester does not see the service"
    assert "warnings" not in await ada.read(INCIDENTS, team="network", service="campus-mail", assignee="me")


async def test_records_that_name_an_unknown_key_are_listed_with_the_warning(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    await agent.post_ok(INCIDENTS, an_incident(service="erp"))
    page = await agent.read(INCIDENTS, service="erp")
    assert (len(page["items"]), page["warnings"][0]["code"]) == (1, "unknown_service")


async def test_a_page_names_the_team_that_there_is_not(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    await api.team("network")
    html = (await agent.get("/desk/incident", params={"team": "netwrok", "tab": "all"})).text
    assert "netwrok" in html
    assert 'role="alert"' in html
