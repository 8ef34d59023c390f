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
    for one in root.iter():
        assert one.tag.removeprefix(NAMESPACE) in {"svg", "title", "desc", "rect", "path", "circle", "text"}
        assert "style" not in one.attrib
        assert not any(name.startswith("on") or "href" in name for name in one.attrib)
        for x, y in _places(one):
            assert x is None or -0.5 <= x <= width + 0.5, ElementTree.tostring(one)
            assert y is None or -0.5 <= y <= height + 0.5, ElementTree.tostring(one)
    assert "NaN" not in drawing
    assert "{" not in drawing
    return root


def _places(one: ElementTree.Element) -> list[tuple[float | None, float | None]]:
    of = one.attrib
    if "d" in of:
        pairs = [(float(x), float(y)) for x, y in PAIRS.findall(of["d"])]
        across: list[tuple[float | None, float | None]] = [(float(x), None) for x in ACROSS.findall(of["d"])]
        return [*pairs, *across, *((None, float(y)) for y in DOWN.findall(of["d"]))]
    if "cx" in of:
        r = float(of["r"])
        return [(float(of["cx"]) + side * r, float(of["cy"]) + side * r) for side in (-1, 1)]
    if "x" not in of:
        return []
    x, y = float(of["x"]), float(of["y"])
    if "width" in of:
        return [(x, y), (x + float(of["width"]), y + float(of["height"]))]
    return [(x, y)]


def texts(root: ElementTree.Element, class_: str | None = None) -> list[str]:
    """The texts of the drawing, or of a class."""
    found = root.iter(f"{NAMESPACE}text")
    return [one.text or "" for one in found if class_ is None or class_ in one.attrib["class"].split()]


def of_class(root: ElementTree.Element, class_: str) -> list[ElementTree.Element]:
    """The elements of that class."""
    return [one for one in root.iter() if class_ in one.attrib.get("class", "").split()]


def title(root: ElementTree.Element) -> str:
    """The name of the drawing."""
    found = root.find(f"{NAMESPACE}title")
    assert found is not None
    return found.text or ""


def described(root: ElementTree.Element) -> str:
    """The drawing for those who do not see it."""
    found = root.find(f"{NAMESPACE}desc")
    assert found is not None
    return found.text or ""
