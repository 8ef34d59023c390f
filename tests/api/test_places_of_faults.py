"""What is wrong is said of the place where it stands, with what is known there, in both languages."""

from __future__ import annotations

import pytest

from app.common.people import Role
from app.i18n import LANGUAGES, sentences
from tests.client import Api, Client, Json

REQUIREMENTS = "/v1/requests/REQ-2026-000001/confirm_requirements"


async def faults(client: Client, path: str, body: Json, language: str = "en") -> dict[str, str]:
    """The sentences about what is wrong, each by its place."""
    answer = await client.post(path, json=body, headers={"Accept-Language": language})
    assert answer.status_code == 422, answer.text
    messages: dict[str, str] = {}
    for error in answer.json()["errors"]:
        messages.setdefault(error["pointer"], error["message"])
    return messages


async def test_a_value_of_several_kinds_is_pointed_at_by_its_own_name(api: Api) -> None:
    client = await api.client("Kim", Role.configuration_manager)
    path = "/v1/cis/srv-1/change_attributes"
    wrong = await faults(client, path, {"attributes": {"memory": [1], "Its Name": "x"}})
    assert {*wrong} == {"/attributes/memory", "/attributes/Its Name"}


async def test_what_is_not_known_inside_a_part_is_told_with_the_names_of_that_part(api: Api) -> None:
    client = await api.client("Emil", Role.engineer)
    wrong = await faults(client, REQUIREMENTS, {"criteria": [{"text": "It works.", "shown": "data_check"}]})
    assert wrong["/criteria/0/shown"] == "is unknown here; known are: shown_by, text"
    bulk = {"items": [{"action": "confirm_requirements", "id": "REQ-2026-000001", "body": {}, "shown": 1}]}
    message = (await faults(client, "/v1/requests/bulk", bulk))["/items/0/shown"]
    assert message == "is unknown here; known are: action, body, id, idempotency_key, if_match"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_of_the_wrong_kind_is_told_in_the_language_asked_for(api: Api, language: str) -> None:
    client = await api.client("Emil", Role.engineer, Role.admin)
    wrong = await faults(client, REQUIREMENTS, {"heard": "me"}, language)
    assert wrong["/heard"] == sentences(language)["value"]["tuple_type"]
    tally = {"decision": 1, "outcome": "approved", "voters": 1.5}
    messages = await faults(client, "/v1/requests/REQ-2026-000001/approve", tally, language)
    assert messages["/decision"] == sentences(language)["value"]["uuid_type"]
    assert messages["/voters"] == sentences(language)["value"]["int_from_float"]
    check = {"checkpoint": "All", "passed": "yes", "findings": "None."}
    messages = await faults(client, "/v1/requests/REQ-2026-000001/check_quality", check, language)
    assert messages["/passed"] == sentences(language)["value"]["bool_type"]
