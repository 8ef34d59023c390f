"""Reading drawings: what every one of them keeps to."""

from __future__ import annotations

import re
from xml.etree import ElementTree

NAMESPACE = "{http://www.w3.org/2000/svg}"
#: Points of a path: those with both coordinates, and those of horizontal and vertical lines.
PAIRS = re.compile(r"[ML](-?[\d.]+) (-?[\d.]+)")
ACROSS, DOWN = re.compile(r"H(-?[\d.]+)"), re.compile(r"V(-?[\d.]+)")


def parse(drawing: str) -> ElementTree.Element:
    """The drawing: well-formed, without style or anything that runs, and within its bounds."""
    root = ElementTree.fromstring(drawing)
    width, height = (float(root.attrib[name]) for name in ("width", "height"))
    assert root.attrib["viewBox"] == f"0 0 {width:g} {height:g}"
    assert width <= 720
    for shape in root.iter():
        assert shape.tag.removeprefix(NAMESPACE) in {"svg", "title", "desc", "rect", "path", "circle", "text"}
        assert "style" not in shape.attrib
        assert not any(name.startswith("on") or "href" in name for name in shape.attrib)
        for x, y in _places(shape):
            assert x is None or -0.5 <= x <= width + 0.5, ElementTree.tostring(shape)
            assert y is None or -0.5 <= y <= height + 0.5, ElementTree.tostring(shape)
    assert "NaN" not in drawing
    assert "{" not in drawing
    return root


def _places(shape: ElementTree.Element) -> list[tuple[float | None, float | None]]:
    attrib = shape.attrib
    if "d" in attrib:
        pairs = [(float(x), float(y)) for x, y in PAIRS.findall(attrib["d"])]
        across: list[tuple[float | None, float | None]] = [
            (float(x), None) for x in ACROSS.findall(attrib["d"])
        ]
        return [*pairs, *across, *((None, float(y)) for y in DOWN.findall(attrib["d"]))]
    if "cx" in attrib:
        r = float(attrib["r"])
        return [(float(attrib["cx"]) + side * r, float(attrib["cy"]) + side * r) for side in (-1, 1)]
    if "x" not in attrib:
        return []
    x, y = float(attrib["x"]), float(attrib["y"])
    if "width" in attrib:
        return [(x, y), (x + float(attrib["width"]), y + float(attrib["height"]))]
    return [(x, y)]


def texts(root: ElementTree.Element, class_: str | None = None) -> list[str]:
    """The texts of the drawing, or of a class."""
    text_shapes = root.iter(f"{NAMESPACE}text")
    return [
        shape.text or "" for shape in text_shapes if class_ is None or class_ in shape.attrib["class"].split()
    ]


def of_class(root: ElementTree.Element, class_: str) -> list[ElementTree.Element]:
    """The elements of that class."""
    return [shape for shape in root.iter() if class_ in shape.attrib.get("class", "").split()]


def title(root: ElementTree.Element) -> str:
    """The name of the drawing."""
    element_found = root.find(f"{NAMESPACE}title")
    assert element_found is not None
    return element_found.text or ""


def described(root: ElementTree.Element) -> str:
    """The drawing for those who do not see it."""
    element_found = root.find(f"{NAMESPACE}desc")
    assert element_found is not None
    return element_found.text or ""
