"""The face of the priority matrix: a table of impact and urgency."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, FormGrid, RecordFace
from app.common.priorities.priority import MATRIX

FORM = FormFace(
    first=("cells",),
    labels={"cells": BilingualLabel("Priority for each impact and urgency", "各影响度与紧急度对应的优先级")},
    grids={
        "cells": FormGrid(
            line="impact",
            column="urgency",
            usual=tuple(
                {"impact": impact.value, "urgency": urgency.value, "priority": priority.value}
                for (impact, urgency), priority in MATRIX.items()
            ),
        )
    },
    filled_from="",
)
FACE = RecordFace(primary={"set": ("revise",)}, forms={"add": FORM, "revise": FORM})
