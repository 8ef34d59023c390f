"""The portal for people who are asked to sign, accept or decide: a customer's representative, above all."""

from __future__ import annotations

import re

import pytest

from app.i18n import LANGUAGES
from tests.client import Client
from tests.desk.test_portal import fill, page
from tests.every_action.test_who_gets_work import tell_all
from tests.service_levels.agreements.conftest import parties as parties  # noqa: PLC0414  # a fixture
from tests.service_levels.agreements.samples import EFFECTS, Parties


async def opened_waiting(reader: Client) -> list[str]:
    """The pages that the portal's first page offers for what waits for the reader, each opened."""
    await tell_all(reader.app.state.ledger)
    waiting = (await page(reader, "/portal")).partition('id="waiting"')[2].partition("</section>")[0]
    links = re.findall(r'href="([^"]+)"', waiting)
    for link in links:
        assert link.startswith("/portal/"), link
        assert 'class="action"' in await page(reader, link), link
    return links


async def test_a_representative_reads_then_signs_or_refuses(parties: Parties) -> None:
    path, customer = await parties.submitted("SLA", "finance"), parties.leads["finance"]
    address = f"/portal/sla/{(await customer.read(path))['number']}"
    assert await opened_waiting(customer) == [f"{address}/sign"]
    for language in LANGUAGES:
        for html in [await page(customer, each, language) for each in (address, f"{address}/sign")]:
            for term in ("12,000.00", "CNY", "2026-01-01", "Mail works again"):
                assert term in re.sub(r"<details.*?</details>", "", html, flags=re.S), (language, term)
            assert "9,000.00" not in html, "IT's own cost"
    assert f'href="{address}/negotiate"' in await page(customer, address), "they can refuse"
    refused = await fill(customer, f"{address}/negotiate", proposals="Too dear.")
    assert refused.status_code == 303, refused.text
    assert await opened_waiting(customer) == []
    assert (await customer.read(path))["state"] == "negotiating"


async def test_a_representative_signs_the_text_that_they_have_read(parties: Parties) -> None:
    path, customer = await parties.drafted("SLA", "finance"), parties.leads["finance"]
    await parties.it.post_ok(f"{path}/negotiate", {"proposals": "As drafted."})
    await parties.maintainer.post_ok(
        f"{path}/maintain_text", {"what_changed": "The price.", "price_amount": "7"}
    )
    await parties.manager.post_ok(f"{path}/submit_for_review", {"gap_reason": "Nothing is beneath it."})
    address = f"/portal/sla/{(await customer.read(path))['number']}"
    signed = await fill(customer, f"{address}/sign")
    assert signed.status_code == 303, signed.text
    assert (await customer.read(path))["pending_consents"] == ["sign:party"]


@pytest.mark.parametrize("step", ["renew", "terminate"])
async def test_a_representative_is_asked_for_the_step_that_was_proposed(parties: Parties, step: str) -> None:
    path, customer = await parties.signed("SLA", "finance"), parties.leads["finance"]
    await parties.review(path)
    address = f"/portal/sla/{(await customer.read(path))['number']}"
    proposal = EFFECTS if step == "renew" else {"reason": "Mail is bought elsewhere."}
    proposed_words = next(iter(proposal.values()))
    await parties.it.post_ok(f"{path}/{step}", proposal)
    assert await opened_waiting(customer) == [f"{address}/{step}"]
    assert proposed_words in await page(customer, f"{address}/{step}")
    assert f'href="{address}/refuse_consent"' in await page(customer, address)
    refused = await fill(customer, f"{address}/refuse_consent", subject=step, reason="Too dear.")
    assert refused.status_code == 303, refused.text
    assert (await customer.read(path))["pending_consents"] is None
    assert "/refuse_consent" not in await page(customer, address), "nothing is proposed"
    await parties.it.post_ok(f"{path}/{step}", proposal)
    agreed = await fill(customer, f"{address}/{step}")
    assert agreed.status_code == 303, agreed.text
    assert (await customer.read(path))["state"] == {"renew": "signed", "terminate": "terminated"}[step]
