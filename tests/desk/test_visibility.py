"""A page shows nobody more than the API does: records of others are not there, and fields that are withheld
are on no page.
"""

from __future__ import annotations

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json, an_incident
from tests.desk.test_pages import page
from tests.extent import first_of

#: Marked words: each stands in one place only.
TITLE, DESCRIPTION, INTERNAL, PUBLIC = "zq00001q", "zq00002q", "zq00003q", "zq00004q"
MARKS = (TITLE, DESCRIPTION, INTERNAL, PUBLIC)
#: Roles of those who ask, each with the team that they are in: to the first all of it is there, to the second
#: nothing.
READERS = (
    (Role.agent, "mail"),
    (Role.requester, None),
    (Role.engineer, "network"),
    *((role, None) for role in Role if role not in (Role.requester, Role.integration)),
)


@pytest.fixture
async def incident(api: Api) -> Json:
    """An incident of the team `mail`, with what only staff may read, and what its requester may."""
    for team in ("mail", "network"):
        await api.team(team)
    manager = await api.client("Manager", Role.incident_manager, Role.agent, teams=("mail",))
    asker = await api.client("Requester")
    record = await manager.post_ok(
        "/v1/incidents", an_incident(title=TITLE, description=DESCRIPTION, requester=asker.id)
    )
    path = f"/v1/incidents/{record['id']}"
    await manager.post_ok(f"{path}/assign", {"team": "mail", "person": "me"})
    await manager.post_ok(f"{path}/comment", {"text": INTERNAL, "visibility": "internal"})
    await manager.post_ok(f"{path}/comment", {"text": PUBLIC, "visibility": "public"})
    return {**record, "asker": asker}


async def test_a_page_shows_each_role_what_the_api_shows(api: Api, incident: Json) -> None:
    visible: set[frozenset[str]] = set()
    for role, team in first_of(READERS, 2):
        reader = await api.client(f"Reader {role} {team}", role, teams=(team,) if team else ())
        visible.add(await shown_alike(reader, incident))
    visible.add(await shown_alike(incident["asker"], incident))
    assert frozenset() in visible, "to some it is not there"
    assert frozenset(MARKS) in visible, "some see all of it"
    assert any(PUBLIC in marks and INTERNAL not in marks for marks in visible), "some see a part of it"


async def shown_alike(reader: Client, incident: Json) -> frozenset[str]:
    """The marks on pages of the incident are those in answers of the API, and so is whether it is there."""
    path = f"/v1/incidents/{incident['id']}"
    record, listed, work = [await reader.get(address) for address in (path, "/v1/incidents", "/v1/me/work")]
    texts = [await reader.get(f"{path}/{name}") for name in ("comments", "events")]
    by_api = marks_in(*(answer.text for answer in (record, *texts) if answer.status_code == 200))
    for action in ("", "/comment", "/list/comments"):
        shown_page = await reader.get(f"/desk/incident/{incident['number']}{action}")
        may_be = {record.status_code, 403} if action == "/comment" else {record.status_code}
        assert shown_page.status_code in may_be, (reader.id, action)
        assert marks_in(shown_page.text) <= by_api, (reader.id, action)
        assert "zq" not in shown_page.text or shown_page.status_code == 200
    entire = await reader.get(f"/desk/incident/{incident['number']}")
    assert marks_in(entire.text) == by_api, reader.id
    assert marks_in(await page(reader, "/desk/incident")) <= marks_in(listed.text)
    assert marks_in(await page(reader, "/desk")) <= marks_in(work.text, listed.text)
    assert marks_in(await page(reader, "/desk/due")) <= marks_in(listed.text)
    match = await reader.get("/v1/search", params={"q": TITLE})
    hits = (await page(reader, f"/desk/search?q={TITLE}")).count(incident["number"])
    assert (hits > 0) == (match.status_code == 200 and incident["number"] in match.text), reader.id
    return by_api


def marks_in(*texts: str) -> frozenset[str]:
    """The marks that stand in these texts."""
    return frozenset(mark for mark in MARKS if any(mark in text for text in texts))


async def test_what_one_may_not_do_is_done_by_no_form(api: Api, incident: Json) -> None:
    stranger = await api.client("Stranger")
    for path in (f"/desk/incident/{incident['number']}", f"/desk/incident/{incident['id']}"):
        sent = await stranger.post(
            f"{path}/cancel",
            content="%2Freason=None&version=4&key=one",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert sent.status_code == 404
        assert incident["number"] not in sent.text.replace(path, "")
