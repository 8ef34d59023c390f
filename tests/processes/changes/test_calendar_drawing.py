"""The calendar's drawing: where things stand, what they say, and that nothing is told by a colour alone."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from app.processes.changes.calendar.drawing import draw, view_of
from app.processes.changes.calendar.entries import CHANGE, CalendarEntry, day_of, week_of, weeks_of_month
from app.processes.changes.calendar.marks import MARKS
from app.processes.changes.calendar.week import HOUR, MOST_LANES, assign_lanes, block_of
from app.processes.changes.policies.records import FreezeKind, FreezeState
from app.processes.changes.records import ChangeState, ChangeType
from app.svg.elements import element, fitted, text_width

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def an_entry(begin: datetime, hours: float, n: int = 1, **fields: Any) -> CalendarEntry:
    """A normal change of that begin and length."""
    entry = {
        "kind": CHANGE,
        "state": ChangeState.scheduled,
        "type": ChangeType.normal,
        "number": f"CHG-2026-{n:06}",
        "title": "Renew the relay",
        **fields,
    }
    end = begin.astimezone(UTC) + timedelta(hours=hours)
    return CalendarEntry(
        id=UUID(int=n), version=1, changed_at=NOW, from_at=begin.astimezone(UTC), until_at=end, **entry
    )


def a_freeze(begin: datetime, hours: float, **fields: Any) -> CalendarEntry:
    """A change freeze of that begin and length."""
    freeze = {"kind": "freeze", "type": None, "number": None, "state": FreezeState.declared, **fields}
    return an_entry(begin, hours, 99, **freeze)


def local(day: int, hour: int = 0, minute: int = 0, zone: ZoneInfo = BERLIN) -> datetime:
    """That hour of a day of November."""
    return datetime(2026, 11, day, hour, minute, tzinfo=zone)


def drawn(
    *entries: CalendarEntry, name: str = "week", day: date = MONDAY, zone: ZoneInfo = BERLIN, lang: str = "en"
) -> ElementTree.Element:
    """The drawing, read as XML."""
    return ElementTree.fromstring(draw(view_of(name, day, zone, lang, NOW), entries))


def words(drawing: ElementTree.Element) -> list[str]:
    """All texts that are drawn."""
    return [text.text or "" for text in drawing.iter(f"{SVG}text")]


def groups(drawing: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    """What is drawn of the entries of that kind."""
    return [group for group in drawing.iter(f"{SVG}a") if group.get("class") == f"cc-entry cc-{kind}"]


def box_of(group: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, width and height of the entry's box."""
    box = group.find(f"{SVG}rect")
    assert box is not None
    left, top, width, height = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
    return left, top, width, height


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (NEW_YORK, date(2026, 3, 8), 23),
        (NEW_YORK, date(2026, 11, 1), 25),
        (SHANGHAI, date(2026, 3, 29), 24),
        (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 5), 24.5),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(zone: ZoneInfo, day: date, hours: float) -> None:
    assert day_of(day, zone).hours == hours
    week = week_of(day, zone)
    assert [day.end for day in week[:-1]] == [day.begin for day in week[1:]]


def test_after_clocks_have_changed_a_change_stands_beside_the_hour_that_they_show() -> None:
    for day, passed in ((date(2026, 3, 29), 13), (date(2026, 10, 25), 15), (date(2026, 11, 29), 14)):
        begin = datetime(day.year, day.month, day.day, 14, tzinfo=BERLIN)
        block = block_of(an_entry(begin, 1), day_of(day, BERLIN))
        assert block is not None
        assert (block.top, block.bottom) == (passed, passed + 1)
        drawing = drawn(an_entry(begin, 1), day=day)
        own = [text for text in drawing.iter(f"{SVG}text") if "cc-own-hour" in text.get("class", "")]
        if passed == 14:
            assert own == []
            continue
        hours = [text.text for text in own]
        assert len(hours) == day_of(day, BERLIN).hours
        assert hours.count("02:00") == (0 if passed == 13 else 2)
        (group,) = groups(drawing, "normal")
        (two,) = [text for text in own if text.text == "14:00"]
        assert 0 < float(two.attrib["y"]) - box_of(group)[1] < HOUR / 2
        assert f"{day_of(day, BERLIN).hours:g} h: clocks change" in words(drawing)


def test_a_change_stands_in_the_column_of_its_day_by_the_clocks_of_the_zone() -> None:
    entry = an_entry(local(24, 23), 2)
    berlin = groups(drawn(entry), "normal")
    assert len(berlin) == 2, "a part of it on each side of midnight"
    assert box_of(berlin[0])[0] < box_of(berlin[1])[0]
    (shanghai,) = groups(drawn(entry, zone=SHANGHAI), "normal")
    assert box_of(shanghai)[0] == pytest.approx(box_of(berlin[1])[0])
    assert groups(drawn(entry, day=date(2026, 12, 2)), "normal") == []


def test_changes_at_the_same_time_stand_side_by_side_and_none_covers_another() -> None:
    entries = [an_entry(local(24, 8, 10 * n), 2, n) for n in range(3)]
    boxes = sorted(box_of(group) for group in groups(drawn(*entries), "normal"))
    assert len(boxes) == 3
    for (left, _, width, _), (following, *_) in itertools.pairwise(boxes):
        assert left + width <= following
    day = day_of(date(2026, 11, 24), BERLIN)
    apart = [an_entry(local(24, 8), 1, 1), an_entry(local(24, 10), 1, 2)]
    blocks = [block for entry in apart if (block := block_of(entry, day)) is not None]
    assert [(assign_lane.lane, assign_lane.lanes) for assign_lane in assign_lanes(blocks)] == [(0, 1), (0, 1)]


def test_where_too_many_are_at_once_the_drawing_says_how_many_more_there_are() -> None:
    entries = [an_entry(local(24, 8), 2, n) for n in range(9)]
    drawing = drawn(*entries)
    assert len(groups(drawing, "normal")) == MOST_LANES - 1
    assert "+7 more" in words(drawing)
    month = drawn(*entries, name="month")
    assert len(groups(month, "normal")) == 3
    assert "+6 more" in words(month)
    assert "另有 6 项" in words(drawn(*entries, name="month", lang="zh"))
    assert not any("more" in word for word in words(drawn(*entries[:4], name="month")))


def test_each_kind_has_a_shape_a_letter_a_pattern_and_a_word_of_its_own() -> None:
    for of_all in (
        [mark.letter for mark in MARKS.values()],
        [(mark.shape, mark.letter) for mark in MARKS.values()],
        [mark.lines for mark in MARKS.values()],
    ):
        assert len(set(of_all)) == len(MARKS)
    texts = words(drawn())
    assert {kind.label("en") for kind in MARKS} <= set(texts)
    assert {kind.label("zh") for kind in MARKS} <= set(words(drawn(lang="zh")))
    assert set(MARKS) == {*ChangeType, *FreezeKind}


def test_freezes_are_hatched_bands_behind_and_named_above_the_days() -> None:
    drawing = drawn(a_freeze(local(24, 12), 48, title="Quarter end"), an_entry(local(25, 8), 1))
    bands = [
        rectangle for rectangle in drawing.iter(f"{SVG}rect") if rectangle.get("class") == "cc-band cc-freeze"
    ]
    assert len(bands) == 3
    assert {band.attrib["fill"] for band in bands} == {"url(#cc-pattern-freeze)"}
    (bar,) = groups(drawing, "freeze")
    assert "Change freeze: Quarter end" in words(drawing)
    left, _, width, _ = box_of(bar)
    assert (round(left), round(width)) == (209, 454)
    order = [element.get("class") for element in drawing]
    assert order.index("cc-band cc-freeze") < order.index("cc-entry cc-normal")


def test_a_month_has_whole_weeks_and_what_goes_on_over_days_stands_in_each() -> None:
    weeks = weeks_of_month(MONDAY, BERLIN)
    assert (weeks[0][0].on, weeks[-1][-1].on) == (date(2026, 10, 26), date(2026, 12, 6))
    assert len(weeks_of_month(date(2027, 2, 14), BERLIN)) == 4
    drawing = drawn(an_entry(local(24, 22), 26), name="month")
    labels = [text for group in groups(drawing, "normal") for text in words(group)]
    assert [label.split()[0] for label in labels if len(label) > 1] == ["22:00", "…"]


def test_what_people_write_is_escaped_and_what_xml_forbids_is_left_out() -> None:
    title = "<script>alert('1')</script> & \"x\" \x00\x0b\ud800 ]]>"
    for name in ("week", "month"):
        text = draw(view_of(name, MONDAY, BERLIN, "en", NOW), [an_entry(local(24, 8), 5, title=title)])
        assert "<script" not in text
        tree = ElementTree.fromstring(text)
        (title_element,) = [
            title_element
            for group in groups(tree, "normal")
            for title_element in group.findall(f"{SVG}title")
        ]
        assert "<script>alert('1')</script>" in str(title_element.text)
    assert element("a", b_c='"<&') == '<a b-c="&#34;&lt;&amp;"/>'


def test_it_holds_no_style_and_no_script_and_says_what_it_shows() -> None:
    for lang in ("en", "zh"):
        text = draw(
            view_of("week", MONDAY, BERLIN, lang, NOW), [an_entry(local(24, 8), 5), a_freeze(local(25), 9)]
        )
        assert re.findall(r"\sstyle=|<style|<script|\son\w+=", text) == []
        assert set(re.findall(r'href="([^"]*)"', text)) == {
            "/desk/change/CHG-2026-000001",
            f"/desk/freeze/{UUID(int=99)}",
        }
        tree = ElementTree.fromstring(text)
        assert tree.attrib["role"] == "group", "a reader of the screen reaches its links"
        ids = {node.get("id"): node for node in tree.iter() if node.get("id")}
        assert set(tree.attrib["aria-labelledby"].split()) <= set(ids)
    assert ids["cc-title"].text == "变更日历: 第 48 周：2026年11月23日 – 2026年11月29日"
    assert ids["cc-desc"].text == "2026年11月23日 至 2026年11月29日：1 项变更，1 个冻结期。"


def test_all_that_is_drawn_lies_within_the_sheet() -> None:
    entries = [an_entry(local(24, 8, n), 2, n, title="更换邮件中继" * 9) for n in range(5)]
    entries += [an_entry(local(29, 23), 30, 9), a_freeze(local(20), 400, title="long " * 99)]
    for name in ("week", "month"):
        tree = drawn(*entries, name=name, lang="zh")
        width, height = float(tree.attrib["width"]), float(tree.attrib["height"])
        for rectangle in tree.iter(f"{SVG}rect"):
            if "x" in rectangle.attrib:
                assert float(rectangle.attrib["x"]) + float(rectangle.attrib["width"]) <= width + 0.5
                assert float(rectangle.attrib["y"]) + float(rectangle.attrib["height"]) <= height
        for text in tree.iter(f"{SVG}text"):
            if text.get("text-anchor") is None:
                size = float(text.attrib["font-size"])
                assert float(text.attrib["x"]) + text_width(text.text or "", size) <= width + 1, text.text


def test_the_present_day_is_named_and_not_only_marked() -> None:
    assert "Wed 25 · today" in words(drawn())
    assert "25 · 今天" in words(drawn(name="month", lang="zh"))


def test_text_is_cut_to_the_room_that_it_has() -> None:
    assert fitted("short", 100, 11) == "short"
    cut = fitted("a long title of a change", 60, 11)
    assert cut.endswith("…")
    assert text_width(cut, 11) <= 60
    assert text_width("变更", 10) == 20
    assert fitted("x", 1, 11) == ""
