"""The demo's awards."""

from __future__ import annotations

from app.demo.data.governance.recognition_data import AWARDS
from app.demo.programme import Programme, ProgrammeScript
from app.governance.recognitions.lifecycle import AwardRecognition
from app.governance.recognitions.records import RecognitionKind


async def make_recognitions(programme: Programme) -> None:
    """Give the awards that are not given yet."""
    for name, days, kind, reason, person, giver, public in AWARDS:
        script = ProgrammeScript(programme, "recognition", name)
        body = AwardRecognition(
            kind=RecognitionKind(kind), reason=reason, person=programme.person(person), public=public
        )
        await script.act(programme.before_end(days), programme.callers[giver], "award", body)
