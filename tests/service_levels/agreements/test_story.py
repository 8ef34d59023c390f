"""Agreements over HTTP from the requirement to their end, as both parties and the teams beneath see it."""

from __future__ import annotations

from app.foundation.people.records import TeamKind
from tests.boards import put_to_vote
from tests.client import Client, Json
from tests.extent import in_test_all
from tests.processes.changes.samples import ASSESSMENT, a_change
from tests.service_levels.agreements.samples import (
    ALWAYS,
    EFFECTS,
    Parties,
    a_draft,
    a_target,
    signed_elsewhere,
)

HOUR = 3600


async def events(client: Client, path: str) -> list[str]:
    """The types of the events of a record, without its kind."""
    pages = await client.pages(f"{path}/events")
    return [event["type"].partition(".")[2] for page in pages for event in page]


def errors(problem: Json) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in problem["errors"]]


async def beneath(parties: Parties, ola_seconds: int, uc_seconds: int) -> list[str]:
    """The ids of a signed OLA and a signed UC with these times to resolution."""
    await parties.always()
    ola = await parties.signed("OLA", "mail-team", a_target("o1", "resolution", ola_seconds))
    uc = await parties.signed(
        "UC", "north-telecom", a_target("u1", "resolution", uc_seconds), calendar=ALWAYS
    )
    return [ola.rpartition("/")[2], uc.rpartition("/")[2]]


async def test_a_requirement_comes_to_a_signed_agreement_on_those_beneath(parties: Parties) -> None:
    rests_on = await beneath(parties, 2 * HOUR, 4 * HOUR)
    path = await parties.required()
    maintainer, manager, customer = parties.maintainer, parties.manager, parties.leads["finance"]
    target = a_target("t1", "resolution", 9 * HOUR, priority="P1", warning_percents=[75])
    draft = await maintainer.post_ok(f"{path}/draft", a_draft(target, rests_on=rests_on))
    assert (draft["state"], draft["edition"], draft["price_amount"]) == ("drafted", 1, "12000.00")
    proposed = await customer.post_ok(f"{path}/negotiate", {"proposals": "Six hours."})
    assert proposed["state"] == "negotiating"
    target = {**target, "threshold_seconds": 8 * HOUR}
    await maintainer.post_ok(f"{path}/maintain_text", {"what_changed": "Eight hours.", "targets": [target]})
    # Opened as the mail team closes, its two hours end at 11:00, and the supplier's four at 15:00.
    added_up = await manager.read(f"{path}/alignment")
    assert added_up["holds"]
    [line] = added_up["resolution"]
    assert (line["worst_seconds"], [item["seconds"] for item in line["lines"]]) == (
        6 * HOUR,
        [2 * HOUR, 4 * HOUR],
    )
    await manager.post_ok(f"{path}/submit_for_review")
    signed = await parties.sign(path, "finance")
    assert (signed["state"], signed["pending_consents"]) == ("signed", None)
    assert (signed["begins_at"], signed["ends_at"]) == (
        "2025-12-31T16:00:00.000000Z",
        "2199-12-31T16:00:00.000000Z",
    )
    assert (await events(manager, path)) == [
        *("requirement_recorded", "drafted", "negotiated", "text_maintained", "submitted"),
        *("consented", "signed"),
    ]
    service = await customer.read("/v1/services/mail")
    [promise] = service["promises"]
    assert (promise["number"], promise["valid_to"]) == (signed["number"], "2199-12-31")
    assert [(item["metric"], item["threshold_seconds"]) for item in promise["targets"]] == [
        ("resolution", 28_800)
    ]


@in_test_all
async def test_the_leads_of_the_teams_beneath_acknowledge_it(parties: Parties) -> None:
    rests_on = await beneath(parties, 2 * HOUR, 2 * HOUR)
    path = await parties.signed("SLA", "finance", a_target("t1", "resolution", 9 * HOUR), rests_on=rests_on)
    parameters = await parties.manager.read(f"{path}/acknowledgements")
    assert [item["team"]["key"] for item in parameters["items"]] == ["mail-team", "north-telecom"]
    refused = await parties.it.post(f"{path}/acknowledge", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_acknowledge")
    await parties.leads["mail-team"].post_ok(f"{path}/acknowledge")
    again = await parties.leads["mail-team"].post(f"{path}/acknowledge", json={})
    assert again.json()["code"] == "nothing_to_acknowledge"
    parameters = await parties.manager.read(f"{path}/acknowledgements")
    assert [item["acknowledged_at"] is not None for item in parameters["items"]] == [True, False]


async def test_what_does_not_add_up_is_refused_unless_the_gap_is_accepted(parties: Parties) -> None:
    rests_on = await beneath(parties, 4 * HOUR, 12 * HOUR)
    path = await parties.drafted("SLA", "finance", a_target("t1", "resolution", 8 * HOUR), rests_on=rests_on)
    await parties.it.post_ok(f"{path}/negotiate", {"proposals": "As drafted."})
    refused = await parties.manager.post(f"{path}/submit_for_review", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "gap_beneath")
    assert refused.json()["targets"] == [{"target": "t1", "because": "does_not_add_up"}]
    [line] = (await parties.manager.read(f"{path}/alignment"))["resolution"]
    assert (line["holds"], line["worst_seconds"] > 8 * HOUR) == (False, True)
    accepted = {"gap_reason": "The new contract begins in May."}
    assert (await parties.manager.post_ok(f"{path}/submit_for_review", accepted))["state"] == "in_review"
    assert (await parties.leads["finance"].read(path))["gap_reason"] is None


@in_test_all
async def test_an_availability_is_no_higher_than_what_items_and_suppliers_promise(parties: Parties) -> None:
    keeper = await parties.api.client("Keeper of items", *("configuration_manager",))
    for key, promised in (("relay", "0.999"), ("disk", None)):
        attributes = {} if promised is None else {"availability": promised}
        payload = {
            "key": key,
            "name": key,
            "ci_class": "server",
            "services": ["mail"],
            "attributes": attributes,
        }
        await keeper.post_ok("/v1/cis", payload)
        await keeper.post_ok(f"/v1/cis/{key}/go_live")
    promise = {"id": "a1", "metric": "availability", "threshold": "0.999", "comparator": "ge"}
    uc = await parties.signed("UC", "north-telecom", {**promise, "threshold": "0.999"}, services=["mail"])
    rests_on = [uc.rpartition("/")[2]]
    path = await parties.drafted("SLA", "finance", {**promise, "threshold": "0.998001"}, rests_on=rests_on)
    [line] = (await parties.manager.read(f"{path}/alignment"))["availability"]
    assert (line["holds"], line["unknown"], line["product"]) == (False, ["disk"], None)
    payload = {"attributes": {"availability": "1"}}
    await keeper.post_ok("/v1/cis/disk/change_attributes", payload)
    [line] = (await parties.manager.read(f"{path}/alignment"))["availability"]
    assert (line["holds"], line["unknown"], line["product"]) == (True, [], "0.998001")


async def test_targets_that_cannot_be_measured_or_that_tie_are_refused(parties: Parties) -> None:
    wrong = [
        a_target("t1", "fulfilment", 60),
        {"id": "t2", "metric": "kpi", "kpi": "no_such", "threshold": "1"},
        {"id": "t3", "metric": "resolution"},
    ]
    path = await parties.drafted("SLA", "finance", *wrong)
    await parties.it.post_ok(f"{path}/negotiate", {"proposals": "As drafted."})
    refused = await parties.manager.post(f"{path}/submit_for_review", json={})
    assert refused.json()["code"] == "targets_unmeasurable"
    assert refused.json()["targets"] == [
        {"target": "t1", "because": "not_of_this_process"},
        {"target": "t2", "because": "no_such_kpi"},
        {"target": "t3", "because": "no_threshold"},
    ]
    rare = a_target("t1", "resolution", 60, compliance="0.1")
    never = {"id": "t2", "metric": "availability", "comparator": "ge", "threshold": "0"}
    wrong_terms = ((rare, "compliance", "compliance_too_low"), (never, "threshold", "promises_nothing"))
    for target, field, error in wrong_terms:
        payload = {"what_changed": "Others.", "targets": [target]}
        refused = await parties.maintainer.post(f"{path}/maintain_text", json=payload)
        assert errors(refused.json()) == [(f"/targets/0/{field}", error)]
    tie = [
        a_target("t1", "resolution", 60, priority="P1"),
        a_target("t2", "resolution", 90, category="network"),
    ]
    payload = {"what_changed": "Others.", "targets": tie}
    await parties.maintainer.post_ok(f"{path}/maintain_text", payload)
    refused = await parties.manager.post(f"{path}/submit_for_review", json={})
    assert refused.json()["code"] == "targets_tied"
    assert [target["target"] for target in refused.json()["targets"]] == ["t1", "t2"]
    both = a_target("t3", "resolution", 60, priority="P1", category="network")
    await parties.maintainer.post_ok(f"{path}/maintain_text", {**payload, "targets": [*tie, both]})
    refused = await parties.manager.post(f"{path}/submit_for_review", json={})
    assert refused.json()["code"] == "gap_beneath"
    assert refused.json()["targets"][0] == {"target": "t1", "because": "nothing_beneath"}
    assert not (await parties.manager.read(f"{path}/alignment"))["holds"]
    payload = {"gap_reason": "There is nothing beneath it yet."}
    assert (await parties.manager.post_ok(f"{path}/submit_for_review", payload))["state"] == "in_review"


async def test_neither_party_signs_alone_and_a_change_of_the_text_takes_consents_back(
    parties: Parties,
) -> None:
    path = await parties.submitted("OLA", "mail-team")
    first = await parties.it.post_ok(f"{path}/sign")
    assert (first["state"], first["pending_consents"], first["signed_at"]) == ("in_review", ["sign:it"], None)
    assert (await parties.it.post_ok(f"{path}/sign"))["state"] == "in_review"
    await parties.leads["mail-team"].post_ok(f"{path}/negotiate", {"proposals": "Five hours."})
    taken_back = await parties.manager.read(path)
    assert (taken_back["state"], taken_back["pending_consents"]) == ("negotiating", None)
    assert (await parties.manager.read(f"{path}/consents"))["items"] == []
    longer = [a_target("t1", "resolution", 5 * HOUR)]
    await parties.maintainer.post_ok(
        f"{path}/maintain_text", {"what_changed": "Five hours.", "targets": longer}
    )
    await parties.manager.post_ok(f"{path}/submit_for_review")
    text = {"text_edition": 2}
    theirs = await parties.leads["mail-team"].post_ok(f"{path}/sign", text)
    assert (theirs["state"], theirs["pending_consents"]) == ("in_review", ["sign:party"])
    assert (await parties.it.post_ok(f"{path}/sign", text))["state"] == "signed"


@in_test_all
async def test_who_has_no_account_signs_elsewhere_and_the_manager_records_the_document(
    parties: Parties,
) -> None:
    await parties.api.team("south", TeamKind.supplier)
    path = await parties.submitted("UC", "south")
    recorded = {"signed_document": "V-1", "signatory": "Ms Li"}
    of_nothing = await parties.manager.post(f"{path}/sign", json=recorded)
    assert errors(of_nothing.json()) == [("", "document_with_signatory")]
    document = await signed_elsewhere(parties.it)
    not_theirs = await parties.it.post(f"{path}/sign", json=document)
    assert errors(not_theirs.json()) == [("/signed_document", "manager_records_documents")]
    without = await parties.manager.post(f"{path}/sign", json={})
    assert errors(without.json()) == [("/signed_document", "document_of_consent")]
    document = await signed_elsewhere(parties.manager)
    ours = await parties.manager.post(f"{path}/sign", json={**document, "side": "it"})
    assert errors(ours.json()) == [("/side", "it_signs_itself")]
    await parties.manager.post_ok(f"{path}/appoint", {"representative": parties.manager.id})
    await parties.manager.post_ok(f"{path}/sign", document)
    alone = await parties.manager.post(f"{path}/sign", json={})
    assert (alone.status_code, alone.json()["code"]) == (409, "consented_for_the_other")
    await parties.manager.post_ok(f"{path}/appoint", {"representative": parties.it.id})
    await parties.manager.post_ok(f"{path}/sign", await signed_elsewhere(parties.manager))
    assert (await parties.it.post_ok(f"{path}/sign"))["state"] == "signed"
    [theirs, ours] = (await parties.manager.read(f"{path}/consents"))["items"]
    assert (theirs["side"], theirs["document"]) == ("party", document["signed_document"])
    content = f"{path}/attachments/{theirs['attachment_id']}/content"
    assert (await parties.it.get(content)).content == b"%PDF-1.7 signed"
    assert (ours["side"], ours["document"], ours["complete"]) == ("it", None, True)


async def test_a_second_agreement_about_the_same_at_the_same_time_is_not_signed(parties: Parties) -> None:
    signed = await parties.signed("SLA", "finance", valid_to="2198-06-30")
    number = (await parties.manager.read(signed))["number"]
    other = await parties.submitted("SLA", "finance", valid_from="2198-06-30")
    refused = await parties.it.post(f"{other}/sign", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "covered_already")
    assert number in refused.json()["detail"]
    later = await parties.submitted("SLA", "finance", valid_from="2198-07-01")
    await parties.sign(later, "finance")


@in_test_all
async def test_an_agreement_that_is_over_is_not_signed(parties: Parties) -> None:
    over = await parties.submitted("SLA", "finance", valid_to="2026-06-30")
    refused = await parties.it.post(f"{over}/sign", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "agreement_is_over")


async def test_the_annual_review_ends_in_a_renewal_on_which_both_agree(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance", valid_to="2198-12-31", review_months=12)
    of_shanghai = "2026-12-31T16:00:00.000000Z"  # the first of January
    assert (await parties.manager.read(path))["review_due_at"] == of_shanghai
    reviewed = await parties.review(path)
    assert (reviewed["state"], reviewed["last_reviewed_at"] is not None) == ("under_review", True)
    [review] = (await parties.leads["finance"].read(f"{path}/reviews"))["items"]
    assert (review["minutes"], review["attended"]) == (
        "The targets fit.",
        [parties.manager.id, parties.leads["finance"].id],
    )
    bare = await parties.it.post(f"{path}/renew", json={"valid_to": "2199-06-30"})
    assert errors(bare.json()) == [("/effect_on_price", "missing"), ("/effect_on_workload", "missing")]
    await parties.it.post_ok(f"{path}/renew", {"valid_to": "2199-06-30", **EFFECTS})
    counter = {"valid_to": "2199-12-31", **EFFECTS}
    other = await parties.leads["finance"].post_ok(f"{path}/renew", counter)
    assert (other["state"], other["pending_consents"]) == ("under_review", ["renew:party"])
    renewed = await parties.it.post_ok(f"{path}/renew")
    assert (renewed["state"], renewed["valid_to"], renewed["ends_at"][:10]) == (
        "signed",
        "2199-12-31",
        "2199-12-31",
    )
    [promise] = (await parties.manager.read("/v1/services/mail"))["promises"]
    assert promise["valid_to"] == "2199-12-31"


@in_test_all
async def test_after_its_review_an_agreement_is_terminated_by_both(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance")
    await parties.review(path)
    silent = await parties.leads["finance"].post(f"{path}/terminate", json={})
    assert errors(silent.json()) == [("/reason", "missing")]
    reason = {"reason": "It is bought elsewhere."}
    assert (await parties.leads["finance"].post_ok(f"{path}/terminate", reason))["state"] == "under_review"
    ended = await parties.it.post_ok(f"{path}/terminate")
    assert (ended["state"], ended["ended_at"], ended["termination_reason"]) == (
        "terminated",
        ended["ends_at"],
        "It is bought elsewhere.",
    )
    assert (await parties.manager.read("/v1/services/mail"))["promises"] is None


async def approved_changes(parties: Parties, *scopes: Json) -> list[str]:
    """The ids of changes that touch these, which a change manager has approved."""
    author, assessor, voter = [
        await parties.api.client(name, "change_manager") for name in ("Author", "Assessor", "Voter")
    ]
    approved = []
    for scope in scopes:
        change = await author.post_ok("/v1/changes", a_change(title="Amend the agreement", **scope))
        path = f"/v1/changes/{change['id']}"
        await author.post_ok(f"{path}/submit")
        await assessor.post_ok(f"{path}/assess", ASSESSMENT)
        question = await assessor.post_ok(f"{path}/request_approval", {"question": "Shall we amend it?"})
        await voter.post_ok(f"{path}/vote", {"decision": question["approval_id"], "verdict": "approve"})
        approved.append(str(change["id"]))
    return approved


async def standard_change(parties: Parties) -> str:
    """The id of a standard change of mail, which is scheduled by its template, and nobody has voted on."""
    author = await parties.api.client("Author of templates", "change_manager")
    other = await parties.api.client("Approver", "change_manager")
    member = await parties.api.client("Member", "cab_member")
    plans = {"plan": "Restart it.", "test_plan": "Send a mail.", "back_out_plan": "Start the other one."}
    scope = {"services": ["mail"], "risk_level": "low"}
    template = {"key": "restart", "title": "Restart the relay", **plans, **scope}
    await author.post_ok("/v1/change_templates", template)
    await put_to_vote(other, "/v1/change_templates/restart", "approve", board=[member, parties.keeper])
    drafted = {"type": "standard", "template": "restart", "services": ["mail"], "team": "mail-team"}
    change = await author.post_ok("/v1/changes", drafted | {"no_cis_reason": "It is rented."})
    window = {"from_at": "2199-03-04T00:00:00Z", "until_at": "2199-03-04T01:00:00Z"}
    await author.post_ok(f"/v1/changes/{change['id']}/schedule", window)
    return str(change["id"])


async def approved_change(parties: Parties) -> str:
    """The id of an approved change of mail."""
    [change] = await approved_changes(parties, {"services": ["mail"], "no_cis_reason": "It is a contract."})
    return change


@in_test_all
async def test_an_agreement_is_amended_by_a_change_that_touches_it(parties: Parties) -> None:
    keeper = await parties.api.client("Olaf", "admin", "configuration_manager")
    printing = {
        "key": "printing",
        "name_en": "Printing",
        "name_zh": "打印",
        "criticality": "low",
        "owner": "me",
    }
    created = await keeper.post_ok("/v1/services", printing)
    await keeper.post_ok(f"/v1/services/{created['id']}/go_live")
    for key, service in (("printer-1", "printing"), ("relay-1", "mail")):
        item = {"key": key, "name": key, "ci_class": "server", "services": [service]}
        await keeper.post_ok("/v1/cis", item)
        await keeper.post_ok(f"/v1/cis/{key}/go_live")
    of_mail = await parties.signed("SLA", "finance", a_target("t1", "resolution", 8 * HOUR))
    of_everything = await parties.signed("SLA", None, a_target("t1", "resolution", 9 * HOUR))
    elsewhere, by_item = await approved_changes(
        parties,
        {"services": ["printing"], "cis": ["printer-1"]},
        {"services": ["printing"], "cis": ["relay-1"]},
    )
    refused = await parties.it.post(f"{of_mail}/amend", json={"change": elsewhere, **EFFECTS})
    assert refused.status_code == 422
    assert errors(refused.json()) == [("/change", "touches_other_services")]
    for path, change in ((of_mail, by_item), (of_everything, elsewhere)):
        consented = await parties.it.post_ok(f"{path}/amend", {"change": change, **EFFECTS})
        assert consented["pending_consents"] == ["amend:it"]


async def test_an_amendment_by_an_approved_change_leaves_the_old_version_in_force_until_the_new_begins(
    parties: Parties,
) -> None:
    earlier = await approved_change(parties)
    path = await parties.signed("SLA", "finance", a_target("t1", "resolution", 8 * HOUR))
    old = await parties.manager.read(path)
    refused = await parties.it.post(f"{path}/amend", json={"change": earlier, **EFFECTS})
    assert errors(refused.json()) == [("/change", "change_before_version")]
    draft = await parties.it.post_ok("/v1/changes", {"type": "normal", "title": "Amend it"})
    for name in (draft["id"], await standard_change(parties)):
        unapproved = await parties.it.post(f"{path}/amend", json={"change": name, **EFFECTS})
        assert errors(unapproved.json()) == [("/change", "change_not_approved")]
    change = await approved_change(parties)
    consent = {"change": change, **EFFECTS}
    assert (await parties.it.post_ok(f"{path}/amend", consent))["pending_consents"] == ["amend:it"]
    amended = await parties.leads["finance"].post_ok(f"{path}/amend")
    assert (amended["state"], amended["change_id"], amended["pending_consents"]) == ("signed", change, None)
    [new] = (await parties.manager.read("/v1/slas", replaces_id=old["id"]))["items"]
    assert (new["state"], new["edition"], new["replaces_id"]) == ("drafted", 2, old["id"])
    assert new["targets"] == old["targets"]
    to = f"/v1/slas/{new['id']}"
    tighter = {"valid_from": "2199-01-01", "targets": [a_target("t1", "resolution", 6 * HOUR)]}
    await parties.maintainer.post_ok(f"{to}/maintain_text", {"what_changed": "Six hours.", **tighter})
    await parties.it.post_ok(f"{to}/negotiate", {"proposals": "As drafted."})
    await parties.manager.post_ok(f"{to}/submit_for_review", {"gap_reason": "None yet."})
    await parties.sign(to, "finance")
    before = await parties.manager.read(path)
    assert (before["state"], before["superseded_from"]) == ("superseded", "2199-01-01")
    for day, expected in (("2198-12-31T12:00:00Z", old["id"]), ("2199-01-01T12:00:00Z", new["id"])):
        [valid] = (await parties.manager.read("/v1/slas", valid_at=day))["items"]
        assert valid["id"] == expected
    promises = (await parties.manager.read("/v1/services/mail"))["promises"]
    assert [(promise["valid_from"], promise["valid_to"]) for promise in promises] == [
        ("2026-01-01", "2198-12-31"),
        ("2199-01-01", "2199-12-31"),
    ]


@in_test_all
async def test_an_edition_begins_when_both_have_signed_it_at_the_earliest(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance", a_target("t1", "resolution", 8 * HOUR))
    old = await parties.manager.read(path)
    assert old["begins_at"] < old["signed_at"], "a first one may reach back"
    await parties.it.post_ok(f"{path}/amend", {"change": await approved_change(parties), **EFFECTS})
    await parties.leads["finance"].post_ok(f"{path}/amend")
    [new] = (await parties.manager.read("/v1/slas", replaces_id=old["id"]))["items"]
    to = f"/v1/slas/{new['id']}"
    await parties.maintainer.post_ok(
        f"{to}/maintain_text", {"what_changed": "Six.", "valid_from": "2026-01-01"}
    )
    await parties.it.post_ok(f"{to}/negotiate", {"proposals": "As drafted."})
    await parties.manager.post_ok(f"{to}/submit_for_review", {"gap_reason": "None yet."})
    await parties.sign(to, "finance")
    signed, replaced = await parties.manager.read(to), await parties.manager.read(path)
    assert signed["begins_at"] >= signed["signed_at"]
    assert replaced["ends_at"] == signed["begins_at"]
    assert replaced["superseded_from"] == signed["valid_from"] > "2026-01-01"
    listed = (await parties.manager.read(f"{path}/documents"))["items"]
    number = next(item["number"] for item in listed if item["number"].startswith("SL"))
    page = await parties.manager.get(f"{path}/documents/{number}", params={"lang": "en"})
    assert f"2026-01-01 – {signed['valid_from']}" in page.text


@in_test_all
async def test_a_draft_can_be_a_copy_of_another_agreement(parties: Parties) -> None:
    model = await parties.drafted("SLA", "finance", a_target("t1", "resolution", 8 * HOUR), notice_days=30)
    path = await parties.required("SLA", None)
    payload = {"copy_of": model.rpartition("/")[2], "valid_from": "2026-03-01"}
    copied = await parties.manager.post_ok(f"{path}/draft", payload)
    assert (copied["notice_days"], copied["services"], copied["valid_from"]) == (30, None, "2026-03-01")
    assert [target["threshold_seconds"] for target in copied["targets"]] == [8 * HOUR]
    lacking = await parties.required("OLA", "mail-team")
    refused = await parties.manager.post(f"{lacking}/draft", json={"text": "Short."})
    assert ("/specification", "missing") in errors(refused.json())


async def test_an_agreement_is_for_its_parties_and_for_staff(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance")
    clerk = await parties.api.client("Clerk", teams=("finance",))
    answer = await clerk.read(path)
    assert (answer["cost_amount"], answer["specification"]) == (None, None)
    stranger = await parties.api.client("Stranger")
    assert (await stranger.get(path)).status_code == 404
    for client, number in ((parties.leads["finance"], 1), (clerk, 1), (parties.it, 1), (stranger, 0)):
        listed = await client.read("/v1/slas", party="me")
        assert len(listed["items"]) == number
    assert (await parties.manager.read("/v1/slas", party="me"))["items"] == []
    classes = [item["document_class"] for item in (await clerk.read(f"{path}/documents"))["items"]]
    assert classes == ["SL", "QP"]
    refused = await clerk.get(f"{path}/alignment")
    assert refused.status_code == 403
