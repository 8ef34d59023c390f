"""Every lifecycle as BPMN 2.0: a library reads it, it says what the table says, and no node hides another."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from bpmn_io import check

from app.governance.process_definitions.bpmn import NAMESPACES, as_bpmn
from app.kernel.actions.describe import outcomes
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.extent import first_of

PREFIXES = {name.removeprefix("xmlns:"): address for name, address in NAMESPACES.items()}
KINDS = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
#: Those with the most actions first.
DRAWN = sorted(KINDS, key=lambda kind: -len(KINDS[kind].rows))


def flows_of(root: ElementTree.Element) -> set[tuple[str, str]]:
    """From which node to which the process goes."""
    flows = root.iterfind(".//bpmn:sequenceFlow", PREFIXES)
    return {(flow.attrib["sourceRef"], flow.attrib["targetRef"]) for flow in flows}


@each_case("kind", first_of(DRAWN, 8))
def test_a_library_reads_it_and_it_says_what_the_table_says(kind: str) -> None:
    lifecycle: Any = KINDS[kind]
    report = check(as_bpmn(lifecycle))
    assert (report.ok, report.errors, report.warnings) == (True, [], [])
    root = ElementTree.fromstring(as_bpmn(lifecycle))
    tasks = [node.attrib["id"] for node in root.iterfind(".//bpmn:userTask", PREFIXES)]
    moving = [row for row in lifecycle.rows if not row.stays]
    assert tasks == [f"{kind}_action_{row.name}" for row in moving]
    flows = flows_of(root)
    for row in moving:
        task = f"{kind}_action_{row.name}"
        sources = [state for state in lifecycle.states if row.is_open_in(state)]
        before = {f"{kind}_state_{state}" for state in sources} or {f"{kind}_start"}
        targets = (outcomes(lifecycle, row, state) for state in sources)
        after = {state for states in targets for state in states} or set(row.leads_to)
        assert {source for source, target in flows if target == task} == before
        assert {target for source, target in flows if source == task} == {f"{kind}_state_{s}" for s in after}


@each_case("kind", sorted(KINDS))
def test_every_node_has_its_own_place_and_every_flow_its_line(kind: str) -> None:
    root = ElementTree.fromstring(as_bpmn(KINDS[kind]))
    nodes = {
        node.attrib["id"]
        for tag in ("startEvent", "endEvent", "userTask", "exclusiveGateway")
        for node in root.iterfind(f".//bpmn:{tag}", PREFIXES)
    }
    shapes = {shape.attrib["bpmnElement"]: shape for shape in root.iterfind(".//bpmndi:BPMNShape", PREFIXES)}
    assert shapes.keys() == nodes
    boxes = []
    for shape in shapes.values():
        bounds = shape.find("dc:Bounds", PREFIXES)
        assert bounds is not None
        left, top, width, height = (int(bounds.attrib[name]) for name in ("x", "y", "width", "height"))
        boxes.append((left, top, left + width, top + height))
    for n, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        assert top >= 0
        for other in boxes[n + 1 :]:
            assert other[2] <= left or right <= other[0] or other[3] <= top or bottom <= other[1]
    flows = {flow.attrib["id"] for flow in root.iterfind(".//bpmn:sequenceFlow", PREFIXES)}
    edges = {edge.attrib["bpmnElement"]: edge for edge in root.iterfind(".//bpmndi:BPMNEdge", PREFIXES)}
    assert edges.keys() == flows
    assert all(len(edge.findall("di:waypoint", PREFIXES)) >= 2 for edge in edges.values())
    ends = [node for node in nodes if node.startswith(f"{kind}_end_")]
    assert ends or root.findall(".//bpmn:endEvent", PREFIXES)
