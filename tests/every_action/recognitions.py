"""What is said of awards."""

from __future__ import annotations

from collections.abc import Callable

from app.governance.recognitions.lifecycle import AwardRecognition
from app.kernel.actions.payloads import Payload
from tests.client import Json
from tests.every_action.world_data import IDS

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    AwardRecognition: lambda: {
        "kind": "knowledge",
        "reason": "Her articles have spared us a hundred calls. 她的文章省去上百次来电。",
        "person": IDS["author"],
        "public": True,
    },
}
