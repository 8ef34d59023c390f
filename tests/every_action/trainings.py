"""What is said of trainings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from app.kernel.actions.payloads import Payload
from app.processes.trainings.payloads import (
    ExamineTraining,
    FlagLicenceTraining,
    HoldTraining,
    LicenseTraining,
    PlanTraining,
    RevokeLicenceTraining,
)
from tests.client import Client, Json
from tests.clocks import from_now
from tests.every_action.world_data import IDS, NOBODYS

TOPICS = ("what_is_new", "what_differs", "own_duty", "how_to_do_it")
PASSED = dict.fromkeys(TOPICS, 80)
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    PlanTraining: lambda: {
        "title": "The new way of incidents 事件管理新做法",
        "year": 2027,
        "kind": "executor",
        "method": "classroom",
        "process": "incident",
        "skills": ["triage", "分级"],
        "material": "The slides, in the library. 幻灯片在资料库。",
        "external_number": "SOP-12",
        "persons": [IDS["author"], IDS["doer"]],
        "teams": [],
        "everybody": True,
        "trainer": "me",
        "planned_at": datetime.now(UTC).isoformat(),
        "pass_mark": 60,
        "topics": list(TOPICS),
    },
    HoldTraining: lambda: {
        "attended": [IDS["author"]],
        "contents": "What is new. 新内容。",
        "material": "A film. 影片。",
    },
    ExamineTraining: lambda: {
        "results": [{"person": IDS["author"], "marks": PASSED}],
        "examiner": IDS["person"],
        "closed_book": False,
    },
    LicenseTraining: lambda: {"persons": [IDS["author"]], "until_at": from_now(300)},
    FlagLicenceTraining: lambda: {"licence": NOBODYS, "person": IDS["author"]},
    RevokeLicenceTraining: lambda: {"licence": NOBODYS, "reason": "They do it otherwise. 未按要求执行。"},
}


async def _licensed(client: Client, path: str) -> Json:
    """The licence that the training gave."""
    (licence,) = (await client.read(f"{path}/licences"))["items"]
    return {"licence": licence["id"]}


#: What cannot be carried out where it was before.
NOT_SHARED = frozenset({"revoke_licence", "flag_licence", "examine"})
#: What is done before, and what of it is said then.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    RevokeLicenceTraining: _licensed,
    FlagLicenceTraining: _licensed,
}
