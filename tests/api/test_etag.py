"""A client that has an answer is told so; one that has read an older version writes nothing."""

from __future__ import annotations

import asyncio

from app.api.requests.etag import etag, matches, versions_of
from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, Client, an_incident
from tests.extent import WHOLE, first_of


async def an_open_one(api: Api) -> tuple[Client, Client, str]:
    """A requester, an agent, and where their incident is."""
    zhao, agent = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    return zhao, agent, f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"


async def test_the_tag_says_the_version_and_changes_with_every_byte_of_the_answer(shared: Api) -> None:
    zhao, agent, path = await an_open_one(shared)
    first = await zhao.get(path)
    assert first.headers["etag"].startswith(f'"{first.json()["version"]}.')
    assert "Authorization" in first.headers["vary"]
    assert first.headers["cache-control"] == "private, no-cache"
    other_tags = [
        await agent.get(path),  # other actions
        await zhao.get(path, headers={"Accept-Language": "zh"}),  # other labels
    ]
    assert first.headers["etag"] not in {answer.headers["etag"] for answer in other_tags}
    await agent.post_ok(f"{path}/acknowledge")
    second = await zhao.get(path)
    assert second.headers["etag"].startswith('"2.')


async def test_the_answer_of_an_action_has_the_tag_that_reading_gives(shared: Api) -> None:
    zhao, agent, path = await an_open_one(shared)
    answer = await agent.post(f"{path}/acknowledge", json={})
    assert (await agent.get(path)).headers["etag"] == answer.headers["etag"]
    again = await agent.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert (await zhao.get(path, headers={"If-None-Match": answer.headers["etag"]})).status_code == 200


async def test_no_tag_of_one_answer_is_taken_for_another(shared: Api) -> None:
    """Another caller, language, choice of fields, or time is another answer: never 304 for it."""
    zhao, agent, path = await an_open_one(shared)
    position = (await zhao.read(f"{path}/events"))["items"][0]["position"]
    queries = ("", "?fields=title", f"?as_of={position}", "?expand=requester", "?fields=title,team")
    requests = [
        (client, query, language)
        for client in (zhao, agent)
        for query in first_of(queries, 4)
        for language in ("en", "zh")
    ]
    tags: dict[bytes, str] = {}
    for client, query, language in requests:
        answer = await client.get(path + query, headers={"Accept-Language": language})
        assert {"Authorization", "Accept-Language"} <= set(answer.headers["vary"].split(", "))
        assert tags.setdefault(answer.content, answer.headers["etag"]) == answer.headers["etag"]
    assert len(set(tags.values())) == len(tags) > len(requests) / 2
    for client, query, language in requests:
        headers = {"Accept-Language": language}
        own = await client.get(path + query, headers=headers)
        for content, tag in tags.items():
            again = await client.get(path + query, headers={**headers, "If-None-Match": tag})
            assert (again.status_code == 304) == (content == own.content)


async def test_who_has_this_very_answer_is_told_so_without_it(shared: Api) -> None:
    zhao, agent, path = await an_open_one(shared)
    tag = (await zhao.get(path)).headers["etag"]
    for tags in (tag, f"W/{tag}", f'"x", {tag}', f'{tag},"y"', "*"):
        answer = await zhao.get(path, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content) == (304, b""), tags
        assert answer.headers["etag"] == tag
    for tags in ("", '"1"', '"1.0000"', tag.strip('"'), "garbage", '"'):
        assert (await zhao.get(path, headers={"If-None-Match": tags})).status_code == 200, tags
    await agent.post_ok(f"{path}/acknowledge")
    assert (await zhao.get(path, headers={"If-None-Match": tag})).status_code == 200


@each_case(
    "form",
    [
        '"{v}.0a1b2c"',
        '"{v}"',
        "{v}",
        'W/"{v}.0a1b2c"',
        "W/{v}",
        "  {v}  ",
        '"7.0a1b2c", "{v}.0a1b2c"',
        '"{v}","x,y", ,',
        "*",
    ][:: 1 if WHOLE else 2],
)
async def test_a_condition_on_the_version_is_understood_in_every_form(shared: Api, form: str) -> None:
    zhao, agent, path = await an_open_one(shared)
    await agent.post_ok(f"{path}/acknowledge")
    head = await shared.head()
    if form != "*":
        stale = {"If-Match": form.format(v=1)}
        refused = await zhao.post(f"{path}/comment", json={"text": "x"}, headers=stale)
        assert (refused.status_code, refused.json()["code"]) == (412, "changed_since")
        assert refused.json()["version"] == 2
        assert await shared.head() == head
    await zhao.post_ok(f"{path}/comment", {"text": "x"}, if_match=form.format(v=2))
    assert await shared.head() == head + 1


@each_case(
    "garbage",
    [
        "",
        '""',
        '"',
        "one",
        '"1.xyz"',
        "-1",
        "1.x",
        "0",
        "9" * 10,
        "9" * 255,
        '"7", "8.ab"',
        '"1,1"',
        '"1',
        '"7", *',
        "\xb2",
    ][:: 1 if WHOLE else 3],
)
async def test_a_condition_that_is_no_tag_of_ours_can_hold_for_nothing(shared: Api, garbage: str) -> None:
    zhao, _, path = await an_open_one(shared)
    head = await shared.head()
    headers = [(b"If-Match", garbage.encode("latin-1"))]
    refused = await zhao.post(f"{path}/cancel", json={"reason": "Twice."}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (412, "changed_since")
    assert await shared.head() == head


async def test_the_version_is_compared_before_state_and_role_are(shared: Api) -> None:
    zhao, agent, path = await an_open_one(shared)
    await agent.post_ok(f"{path}/acknowledge")
    stale = {"If-Match": '"1"'}
    assert (await zhao.post(f"{path}/acknowledge", json={}, headers=stale)).status_code == 412
    assert (await agent.post(f"{path}/acknowledge", json={}, headers=stale)).status_code == 412


async def test_a_comment_makes_no_open_form_stale(shared: Api) -> None:
    zhao, agent, path = await an_open_one(shared)
    version = (await agent.read(path))["version"]
    await zhao.post_ok(f"{path}/comment", {"text": "Any news?"})
    await agent.post_ok(f"{path}/acknowledge", if_match=str(version))


async def test_of_many_who_have_read_the_same_version_one_writes(shared: Api) -> None:
    _, agent, path = await an_open_one(shared)
    people = [await shared.client(f"Agent{n}", Role.agent) for n in range(6)]
    version = str((await agent.read(path))["version"])
    answers = await asyncio.gather(
        *(p.post(f"{path}/assign", json={"person": "me"}, headers={"If-Match": version}) for p in people)
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    winner = next(p for p, answer in zip(people, answers, strict=True) if answer.status_code == 200)
    assert (await winner.read(path))["assignee"]["id"] == winner.id


async def test_without_a_condition_the_state_still_lets_only_one_win(shared: Api) -> None:
    _, _, path = await an_open_one(shared)
    people = [await shared.client(f"Agent{n}", Role.agent) for n in range(6)]
    answers = await asyncio.gather(*(person.post(f"{path}/acknowledge", json={}) for person in people))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5


def test_what_the_header_means_can_be_read_in_one_place() -> None:
    assert versions_of(None) is versions_of("*") is versions_of(" * ") is None
    assert versions_of('W/"12.ab"') == frozenset({12})
    assert versions_of('"12.ab", 13 ,"x,14,y", "*"') == frozenset({12, 13})
    assert versions_of("nonsense") == frozenset()
    assert not matches(None, '"1.a"')
    assert matches('W/"1.a" , "2.b"', '"2.b"')


@each_case(
    "coding",
    [
        "-gzip",
        "-br",
        "--gzip",
        ";gzip",
        "-zstd",
        ":deflate",
        ".gz",
        "-gzip;br",
        "+identity",
        "-df",
        "~x-gzip",
    ],
)
def test_a_tag_that_a_compressing_proxy_has_extended_is_the_same_tag(coding: str) -> None:
    tag = etag(12, b"answer")
    inside, outside = f'{tag[:-1]}{coding}"', f"{tag}{coding}"
    for sent in (inside, f"W/{inside}", outside, f'"7.ab", {inside}'):
        assert 12 in (versions_of(sent) or ()), sent
        assert matches(sent, tag), sent
        assert not matches(sent, etag(12, b"another answer")), sent
    # Other servers make such tags, of files.
    assert versions_of(f'"12{coding}"') == frozenset()


async def test_a_change_and_an_answer_survive_a_compressing_proxy(shared: Api) -> None:
    _, agent, path = await an_open_one(shared)
    tag = (await agent.get(path)).headers["etag"].replace('"', "")
    assert (await agent.get(path, headers={"If-None-Match": f'W/"{tag}-gzip"'})).status_code == 304
    changed = await agent.post(f"{path}/acknowledge", json={}, headers={"If-Match": f'"{tag}-gzip"'})
    assert changed.status_code == 200
    stale = await agent.post(f"{path}/start", json={}, headers={"If-Match": f'"{tag}-gzip"'})
    assert stale.status_code == 412
