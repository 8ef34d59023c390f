"""The face of incidents: what agents and requesters need on their pages.

Every ticket shows assignee, team, priority and service first, also if they are empty. Of the buttons,
`primary` has the first possible action for the state, and `quick` the ones next to it. The others stand in
the menu, in the order of the lifecycle's rows. Actions that end or undo something stand apart: `dangerous`,
and those that `USUALLY_DANGEROUS` names for all kinds.
"""

from __future__ import annotations

from app.common.faces import TAKE_ACTION, ActionChain, BilingualLabel, FormFace, RecordFace
from app.ticketing.work.faces import HOLD_FORM, OWN_SEVERITY_QUESTION, SEVERITY_QUESTION, TICKET_ESSENTIALS

#: Members of the report that tools send.
OF_TOOLS = frozenset({"alert_source", "dedup_key", "alert_labels"})

FACE = RecordFace(
    essentials=(*TICKET_ESSENTIALS, "category"),
    texts=(),
    spoken_fields=("description", "resolution", "cause", "statement", "containment"),
    primary={
        "new": (TAKE_ACTION, "acknowledge", "start"),
        "acknowledged": (TAKE_ACTION, "start"),
        "in_progress": (TAKE_ACTION, "resolve"),
        "on_hold": ("resume",),
        "resolved": ("close",),
    },
    quick=("resolve", "hold", "assign", "edit"),
    done_by_reply="acknowledge",
    chains={
        "resolve_and_close": ActionChain(
            BilingualLabel("Resolve and close", "解决并关闭"), ("acknowledge",), "resolve", ("close",)
        )
    },
    forms={
        "hold": HOLD_FORM,
        "report": FormFace(
            first=("requester", "title", "service", "how_bad", "description"),
            unasked=OF_TOOLS,
            defaults={"channel": "hotline"},
            questions=(SEVERITY_QUESTION,),
            labels={
                "requester": BilingualLabel("Who is affected?", "受影响的人"),
                "title": BilingualLabel("What is wrong?", "出了什么问题？"),
                "service": BilingualLabel("Which service?", "受影响的服务"),
                "description": BilingualLabel("What exactly happens?", "具体情况"),
            },
            takes_files=True,
        ),
        "resolve": FormFace(first=("done", "resolution_code"), defaults={"resolution_code": "fixed"}),
    },
    portal_forms={
        "report": FormFace(
            first=("description", "service", "how_bad"),
            unasked=OF_TOOLS | OWN_SEVERITY_QUESTION.members | {"title"},
            questions=(OWN_SEVERITY_QUESTION,),
            labels={
                "description": BilingualLabel("What is wrong?", "出了什么问题？"),
                "service": BilingualLabel("With what?", "哪项服务？"),
            },
            title_from="description",
            takes_files=True,
        ),
    },
)
