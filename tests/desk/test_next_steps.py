"""What the page of a record says to wait for: never a step that was taken already."""

from __future__ import annotations

import re
from html import unescape

from app.common.people import Role
from tests.client import Api, Client
from tests.desk.test_pages import page
from tests.service_levels.agreements.samples import the_parties

NOTE = re.compile(r'<p class="next-step">(.*?)</p>', re.DOTALL)


async def notes(reader: Client, path: str, language: str = "en") -> str:
    """What the page says of the next step and of agreement."""
    html = await page(reader, path, **{"accept-language": language})
    return " ".join(unescape(note) for note in NOTE.findall(html))


async def test_whoever_has_signed_reads_who_signs_next(api: Api) -> None:
    parties = await the_parties(api)
    path = await parties.submitted("SLA", "finance")
    agreement = await parties.manager.read(path)
    address = f"/desk/sla/{agreement['number']}"
    await parties.it.post_ok(f"{path}/sign", {"text_edition": agreement["text_edition"]})
    assert await notes(parties.it, address) == "Next step: Sign, by Lead of finance."


async def test_an_item_whose_approvers_wait_says_who_must_agree_since_when_and_what_applies(api: Api) -> None:
    roles = (Role.service_level_manager, Role.admin)
    ada, bea = await api.client("Ada", *roles), await api.client("Bea", *roles)
    cas = await api.client("Cas", Role.agent)
    names = {"name_en": "Workplace", "name_zh": "办公", "criticality": "low", "owner": ada.id}
    service = await ada.post_ok("/v1/services", {"key": "workplace", **names})
    item = {"key": "laptop", "service": service["key"], "title_en": "Laptop", "title_zh": "笔记本电脑"}
    item |= {"fulfilment_path": "standard", "approver_persons": [cas.id], "approval_rule": "majority"}
    drafted = await ada.post_ok("/v1/catalogue_items", item)
    address = f"/desk/catalogue_item/{drafted['id']}"
    for reader in (ada, bea):
        note = await notes(reader, address)
        assert re.search(
            r"Waiting since [\d-]+ [\d:]+ UTC for a second person to agree: Administrator, .*Service level "
            r"manager\. The second person cannot be Ada\. Until then, the previously agreed approvers ",
            note,
        ), note
    assert "等待第二人同意" in await notes(bea, address, "zh")
    await bea.post_ok(f"/v1/catalogue_items/{drafted['id']}/agree", if_match="1")
    assert "second person" not in await notes(bea, address)
