"""The activities of a defined process as BPMN 2.0, with their roles, inputs and outputs (pure)."""

from __future__ import annotations

from app.common.people import Role, RoleLabels
from app.foundation.process_definitions.records import ProcessDefinition
from app.governance.process_definitions.bpmn import FlowDiagram, bpmn_document


def definition_as_bpmn(definition: ProcessDefinition, role_labels: RoleLabels, language: str) -> str:
    """Return the flow of the definition from its beginning to its end, with its decision points as notes."""
    prefix = f"definition_{definition.id.hex}"
    diagram = FlowDiagram(prefix, definition.title or str(definition.process))
    earlier = diagram.add("startEvent", "start", definition.begins_with or "", 0)
    for decision in definition.decision_points or ():
        earlier.notes.append("; ".join([decision["title"], *decision["outcomes"]]))
    activities = definition.activities or ()
    for place, activity in enumerate(activities, start=1):
        task = diagram.add("userTask", f"activity_{place}", activity["title"], place)
        for sign, name in (("→", "inputs"), ("⇒", "outputs")):
            entries = activity.get(name) or ()
            task.notes += [f"{sign} {'; '.join(entries)}"] if entries else []
        task.notes += [activity["text"]] if activity["text"] else []
        if activity["role"] is not None:
            task.performer = role_labels.label(Role(activity["role"]), language)
        diagram.connect(earlier, task)
        earlier = task
    end = diagram.add("endEvent", "end", definition.ends_with or "", len(activities) + 1)
    diagram.connect(earlier, end)
    diagram.lay_out()
    return bpmn_document(diagram)
