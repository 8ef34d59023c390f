"""The papers of a project that was asked for as a request, as people print them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.kernel.ledger import Ledger
from tests.automation.worker import Worker
from tests.client import Json

A_FORM = {
    "type": "object",
    "properties": {
        "size": {"type": "string", "enum": ["13", "15"], "x-label": {"en": "Screen", "zh": "屏幕尺寸"}},
        "why": {"type": "string", "maxLength": 500, "x-label": {"en": "What for", "zh": "用途"}},
    },
    "required": ["size", "why"],
    "x-order": ["size", "why"],
}


def requirements(people: Any) -> Json:
    """What is wanted, as the requester confirms it."""
    return {
        "background": "目前以纸质方式请假。",
        "functional": "Ask, approve, see what is left.",
        "performance": "Two thousand people on a Monday morning.",
        "interfaces": "The payroll system.",
        "data": "Who has how many days.",
        "heard": [people.head.id],
        "criteria": [
            {"text": "可以请假", "shown_by": "demonstration"},
            {"text": "余额正确", "shown_by": "data_check"},
        ],
        "acceptance_group": "leave",
        "confirmed_at": datetime.now(UTC).isoformat(),
        "confirmation_method": "meeting",
    }


async def papers_print(people: Any, path: str, documents: list[Json]) -> None:
    """Each paper prints in both languages, with the context of its texts and its signers."""
    numbers = {document["document_class"]: document["number"] for document in documents}
    # The newest test report and the newest acceptance are the last ones.
    for document_class, names, words in (
        ("SN", ("Anna", "王芳"), ("Head", "可以请假", "演示", "The payroll system.", "会议，20", "验收小组")),
        ("SO", ("Anna", "Rosa", "王芳"), ("信息技术方评审人", "成本效益", "2199-01-01", "Payroll changes.")),
        ("IM", ("Anna", "Emil"), ("It runs", "Build it", "2199-01-01", "责任人", "120000.00 CNY")),
        ("TE", ("Kim", "Emil"), ("单元测试", "It is mended.", "是", "质量检查人")),
        (
            "AC",
            ("Head", "王芳", "Deputy"),
            ("验收通过", "余额正确", "用户试用", "验收小组代表", "2199-01-01", "They are away then."),
        ),
        ("TR", ("Emil", "Trainee", "王芳"), ("幻灯片", "12", "参训人")),
    ):
        address = f"{path}/documents/{numbers[document_class]}"
        chinese, english = [
            (await people.engineer.get(address, params={"lang": lang})).text for lang in ("zh", "en")
        ]
        assert [word for word in words if word not in chinese] == [], document_class
        signing = chinese.partition('class="signatures"')[2]
        assert [name for name in names if name not in signing] == [], document_class
        assert document_class != "AC" or ("Emil" in chinese and "Emil" not in signing), "he has made it"
        assert "Signature and date" in english
        assert (await people.requester.get(address)).status_code == 200
    plan = await people.requester.get(f"{path}/documents/{numbers['IM']}")
    assert "120000.00" not in plan.text
    failed = next(d["number"] for d in documents if d["document_class"] == "AC")
    assert "Mend the sum" in (await people.engineer.get(f"{path}/documents/{failed}")).text
    assert (await people.agent.get(f"{path}/documents/SN1")).status_code == 404


async def denied_by_the_group_it_waits_again(people: Any, ledger: Ledger, path: str, verdict: Json) -> Json:
    """The only other member of the group objects to having taken part: the acceptance does not count, and the
    person who recorded it is told, and accepts again.
    """
    accepted = verdict | {"participants": ["me", people.deputy.id]}
    early = await people.head.post(f"{path}/record_acceptance", json=accepted | {"early_reason": None})
    assert [e["code"] for e in early.json()["errors"]] == ["accepted_early"]
    assert (await people.head.post_ok(f"{path}/record_acceptance", accepted))["state"] == "delivered"
    await people.deputy.post_ok(f"{path}/object_to_statement", {"objection": "I was on leave."})
    assert (await people.head.read(path))["state"] == "in_acceptance"
    acceptance = (await people.head.read(f"{path}/acceptances"))["items"][-1]
    assert acceptance["void_at"] is not None
    assert people.deputy.id not in acceptance["participant_ids"]
    worker = Worker(ledger)
    for seconds in (1, 120):
        await worker.work(datetime.now(UTC) + timedelta(seconds=seconds))
    steps = [step for notice in (await people.head.read("/v1/notices"))["items"] for step in notice["steps"]]
    assert "statement_objected" in steps
    accepted_again: Json = await people.head.post_ok(f"{path}/record_acceptance", verdict)
    return accepted_again
