"""A lifecycle, or another flow, as BPMN 2.0 XML, with the layout that viewers draw it by (pure).

The state is an exclusive gateway, an action that changes it a user task; a state that no action leaves is an
end event. Actions that leave the state as it is are named in the documentation of the states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from app.common.records import CodeEnum
from app.kernel.actions.describe import outcomes
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.svg.elements import element

NAMESPACES = {
    "xmlns:bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "xmlns:bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "xmlns:dc": "http://www.omg.org/spec/DD/20100524/DC",
    "xmlns:di": "http://www.omg.org/spec/DD/20100524/DI",
}
TARGET = "urn:ledgerdesk:lifecycles"
MEDIA_TYPE = "application/xml"
#: The sizes of the shapes, in pixels.
SIZES = {"userTask": (120, 70), "exclusiveGateway": (50, 50), "startEvent": (36, 36), "endEvent": (36, 36)}
#: The distances between columns and rows of shapes, from centre to centre; and between lanes of flows back.
COLUMN, ROW, LANE = 190, 110, 14


@dataclass(slots=True)
class FlowNode:
    """A node of the diagram: its element, its name, the notes of its documentation, and its centre."""

    id: str
    tag: str
    name: str
    column: int
    notes: list[str] = field(default_factory=list)
    performer: str | None = None
    x: int = 0
    y: int = 0


@dataclass(frozen=True, slots=True)
class SequenceFlow:
    """A flow from one node to another."""

    id: str
    source: FlowNode
    target: FlowNode


class FlowDiagram:
    """The nodes and flows of a process, each node in its place. `prefix` begins the ids of its elements."""

    def __init__(self, prefix: str, name: str) -> None:
        self.prefix, self.name = prefix, name
        self.nodes: list[FlowNode] = []
        self.flows: list[SequenceFlow] = []

    def add(self, tag: str, node_id: str, name: str, column: int) -> FlowNode:
        """Add a node in that column."""
        node = FlowNode(f"{self.prefix}_{node_id}", tag, name, column)
        self.nodes.append(node)
        return node

    def connect(self, source: FlowNode, target: FlowNode) -> None:
        """Add a flow between two nodes."""
        flow_id = f"{self.prefix}_flow_{len(self.flows) + 1}"
        self.flows.append(SequenceFlow(flow_id, source, target))

    def lay_out(self) -> None:
        """Place the nodes of each column below one another, in their order."""
        lengths: dict[int, int] = {}
        for node in self.nodes:
            row = lengths.get(node.column, 0)
            lengths[node.column] = row + 1
            node.x, node.y = 60 + node.column * COLUMN, 80 + row * ROW


class LifecycleDiagram(FlowDiagram):
    """The nodes and flows of a lifecycle, each node in its place."""

    def __init__(self, lifecycle: Lifecycle[Any]) -> None:
        super().__init__(lifecycle.kind, f"{lifecycle.kind.replace('_', ' ').capitalize()} / {lifecycle.zh}")
        self.lifecycle = lifecycle
        moving = [row for row in lifecycle.rows if not row.stays]
        ranks = _ranks(lifecycle, moving)
        states = {state: self._state(state, ranks[state]) for state in lifecycle.states}
        start = self.add("startEvent", "start", "", 0)
        for row in moving:
            sources = [] if row.opens else [state for state in lifecycle.states if row.is_open_in(state)]
            column = 1 if row.opens else 1 + min(ranks[state] for state in sources)
            task = self._task(row, column)
            for source in [start] if row.opens else [states[state] for state in sources]:
                self.connect(source, task)
            for state in dict.fromkeys(_targets(lifecycle, row)):
                self.connect(task, states[state])
        for state in _ends(lifecycle, moving):
            if states[state].tag != "endEvent":
                end = self.add("endEvent", f"end_{state.value}", "", ranks[state] + 1)
                self.connect(states[state], end)
        self.lay_out()

    def _state(self, state: CodeEnum, column: int) -> FlowNode:
        rows = self.lifecycle.leaving[state]
        is_end = all(row.stays for row in rows)
        tag = "endEvent" if is_end else "exclusiveGateway"
        node = self.add(tag, f"state_{state.value}", f"{state.en} / {state.zh}", column)
        staying = ", ".join(row.name for row in rows if row.stays)
        if staying:
            node.notes.append(f"Actions that leave the state as it is: {staying}.")
        return node

    def _task(self, row: Action[Any, Any], column: int) -> FlowNode:
        node = self.add("userTask", f"action_{row.name}", f"{row.label('en')} / {row.zh}", column)
        fields = row.body.model_fields.items()
        needed = ", ".join(name for name, declared in fields if declared.is_required())
        node.notes += [row.description, f"Event: {', '.join(row.events)}."]
        node.notes += [f"Must be given: {needed}."] if needed else []
        node.performer = row.policy.phrase("en")
        return node


def _ranks(lifecycle: Lifecycle[Any], moving: Iterable[Action[Any, Any]]) -> dict[CodeEnum, int]:
    """Return the column of each state: two further for each action on the shortest way to it."""
    ranks: dict[CodeEnum, int] = {}
    rows = list(moving)
    reached = [state for row in rows if row.opens for state in row.leads_to]
    column = 2
    while reached:
        ranks |= {state: column for state in reached if state not in ranks}
        reached = [
            state
            for row in rows
            if not row.opens and any(row.is_open_in(source) for source in reached)
            for state in _targets(lifecycle, row)
            if state not in ranks
        ]
        column += 2
    return {state: ranks.get(state, column) for state in lifecycle.states}


def _targets(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> list[CodeEnum]:
    """Return all states that the action can lead to."""
    if row.opens:
        return list(row.leads_to)
    sources = (state for state in lifecycle.states if row.is_open_in(state))
    return [target for source in sources for target in outcomes(lifecycle, row, source)]


def _ends(lifecycle: Lifecycle[Any], moving: Iterable[Action[Any, Any]]) -> list[CodeEnum]:
    """Return the states in which a record may stay for good: those that no action leaves and those in which a
    case is done; without any, the last.
    """
    left = {state for row in moving if not row.opens for state in lifecycle.states if row.is_open_in(state)}
    ends = [state for state in lifecycle.states if state not in left or state in lifecycle.lookup.ended]
    return ends or list(lifecycle.states)[-1:]


def as_bpmn(lifecycle: Lifecycle[Any]) -> str:
    """Return the lifecycle as a BPMN 2.0 document: one process and its diagram."""
    return bpmn_document(LifecycleDiagram(lifecycle))


def bpmn_document(diagram: FlowDiagram) -> str:
    """Return the diagram as a BPMN 2.0 document."""
    process_id = f"{diagram.prefix}_process"
    process = element(
        "bpmn:process",
        *(_node(node, diagram.flows) for node in diagram.nodes),
        *(
            element("bpmn:sequenceFlow", id=flow.id, sourceRef=flow.source.id, targetRef=flow.target.id)
            for flow in diagram.flows
        ),
        id=process_id,
        name=diagram.name,
        isExecutable="false",
    )
    plane = element(
        "bpmndi:BPMNPlane",
        *(_shape(node) for node in diagram.nodes),
        *_edges(diagram),
        id=f"{diagram.prefix}_plane",
        bpmnElement=process_id,
    )
    drawing = element("bpmndi:BPMNDiagram", plane, id=f"{diagram.prefix}_diagram")
    about = {**NAMESPACES, "id": f"{diagram.prefix}_definitions", "targetNamespace": TARGET}
    definitions = element("bpmn:definitions", process, drawing, **about)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{definitions}\n'


def _node(node: FlowNode, flows: Iterable[SequenceFlow]) -> Markup:
    parts = [element("bpmn:documentation", note) for note in node.notes]
    parts += [element("bpmn:incoming", flow.id) for flow in flows if flow.target is node]
    parts += [element("bpmn:outgoing", flow.id) for flow in flows if flow.source is node]
    if node.performer is not None:
        parts.append(element("bpmn:potentialOwner", id=f"{node.id}_owner", name=node.performer))
    return element(f"bpmn:{node.tag}", *parts, id=node.id, name=node.name or None)


def _shape(node: FlowNode) -> Markup:
    width, height = SIZES[node.tag]
    bounds = element("dc:Bounds", x=node.x - width // 2, y=node.y - height // 2, width=width, height=height)
    marker = "true" if node.tag == "exclusiveGateway" else None
    return element(
        "bpmndi:BPMNShape", bounds, id=f"{node.id}_shape", bpmnElement=node.id, isMarkerVisible=marker
    )


def _edges(diagram: FlowDiagram) -> Iterator[Markup]:
    """Yield the edges: those to a later column straight, those back below all nodes, each in a lane."""
    lane = max(node.y for node in diagram.nodes) + ROW
    for flow in diagram.flows:
        source, target = flow.source, flow.target
        if source.column < target.column:
            out, into = SIZES[source.tag][0] // 2, SIZES[target.tag][0] // 2
            points = [(source.x + out, source.y), (target.x - into, target.y)]
        else:
            below, above = SIZES[source.tag][1] // 2, SIZES[target.tag][1] // 2
            points = [(source.x, source.y + below), (source.x, lane), (target.x, lane)]
            points.append((target.x, target.y + above))
            lane += LANE
        waypoints = (element("di:waypoint", x=x, y=y) for x, y in points)
        yield element("bpmndi:BPMNEdge", *waypoints, id=f"{flow.id}_edge", bpmnElement=flow.id)
