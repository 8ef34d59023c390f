"""Every route that writes and belongs to no lifecycle: a replaced secret and an assistant are refused, or the
route is listed here with the reason; a revoked key is refused by all. Lifecycles have tests of their own.
"""

from __future__ import annotations

import re
from functools import cache
from uuid import UUID

from app.common.people import Role
from app.log.ids import uuid7
from tests.cases import each_case
from tests.client import Api, Client, Json, add_key
from tests.contract.answers import document
from tests.waiting import until

WRITING = ("post", "put", "patch", "delete")
#: What only shows, and writes nothing.
SHOWS = "it shows what would happen"
#: Each action asks for itself.
ASKS_EACH = "each action in it is asked for on its own"
OWN_THINGS = "it changes what the person sees themselves"
#: Open to a replaced secret during its overlap, so that programs go on, and why.
OPEN_TO_REPLACED = {
    "answer_survey": "an answer, by the token in its mail",
    "receive_webhook": "it is signed by a secret of the tool",
    "send_alert": "a tool reports",
    "ask_bulk_job": "a worker acts with that secret: lines in person are refused",
    "end_session": "it ends a session",
    "make_stream_ticket": "the stream ends with the secret",
    "put_upload": "a file counts nothing until something names it",
    "set_kpi_target": "an action that assistants may do",
    "set_priority_matrix": "an action that assistants may do",
    "measure_effect_of_kpi": "an action that assistants may do",
    **dict.fromkeys(("check_catalogue_item_answers", "preview_webhook", "preview_subscription"), SHOWS),
    "try_webhook_mapping": SHOWS,
    "send_test_mail": "a mail to the person themselves, which changes nothing",
    **dict.fromkeys(("put_attention_aside", "take_attention_up", "save_view", "remove_view"), OWN_THINGS),
    **dict.fromkeys(("set_my_preferences", "set_list_columns", "remove_my_summary"), OWN_THINGS),
}
#: Open to assistants.
OPEN_TO_ASSISTANTS = {
    **{name: why for name, why in OPEN_TO_REPLACED.items() if name != "ask_bulk_job"},
    "save_my_summary": "its mails go to nobody but the person",
}
BODIES: dict[str, Json] = {
    "ask_import": {"source": "legacy", "format": "ndjson", "upload": str(uuid7())},
    "ask_bulk_job": {"upload": str(uuid7()), "records": "requests"},
    "import_absences": {"calendar": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"},
    "save_my_summary": {"cadence": "day"},
    "resend_events_of_subscription": {"recorded_after": "2026-11-01T00:00:00Z"},
}


@cache
def _routes() -> list[tuple[str, str, str]]:
    return [
        (operation["operationId"], method, path)
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
        if method in WRITING and "x-lifecycle" not in operation
    ]


REFUSED = {"replaced": "superseded_secret", "assistant": "done_in_person"}
OPEN = {"replaced": OPEN_TO_REPLACED, "assistant": OPEN_TO_ASSISTANTS}


async def _status(client: Client, name: str, method: str, path: str, headers: Json) -> tuple[int, str | None]:
    address = re.sub(r"\{\w+\}", str(uuid7()), path)
    body = BODIES.get(name, {})
    answer = await client.request(
        method.upper(), address, json=None if method == "delete" else body, headers=headers
    )
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.status_code, answer.json()["code"] if is_problem else None


def test_every_listed_route_exists() -> None:
    assert {
        name for name, _, _ in _routes()
    } >= OPEN_TO_REPLACED.keys() | OPEN_TO_ASSISTANTS.keys() | BODIES.keys()


@each_case("how", sorted(REFUSED))
async def test_whatever_writes_is_refused_or_listed(api: Api, how: str) -> None:
    admin = await api.client("Ada", Role.admin)
    client, headers = api.with_token(await add_key(api.ledger, UUID(admin.id), Role.admin)), {}
    if how == "replaced":
        await admin.post_ok(f"/v1/keys/{(await client.read('/v1/me'))['key_id']}/rotate")

        async def is_replaced() -> bool:
            return (await client.read("/v1/me"))["expires_at"] is not None

        await until(is_replaced)
    else:
        headers = {"ledgerdesk-assistant": "claude"}
    for name, method, path in _routes():
        if name == "end_session" or path.endswith("/bulk"):
            continue
        _, code = await _status(client, name, method, path, headers)
        assert (code == REFUSED[how]) != (name in OPEN[how]), (name, code)


async def test_a_revoked_key_writes_nothing(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    client = api.with_token(await add_key(api.ledger, UUID(admin.id), Role.admin))
    await admin.post_ok(f"/v1/keys/{(await client.read('/v1/me'))['key_id']}/revoke")

    async def is_refused() -> bool:
        return (await client.get("/v1/me")).status_code == 401

    await until(is_refused)
    head = await api.head()
    for name, method, path in _routes():
        if name not in ("answer_survey", "receive_webhook"):
            assert (await _status(client, name, method, path, {}))[0] in (401, 429), name
    assert await api.head() == head
