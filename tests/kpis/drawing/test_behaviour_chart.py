"""The behaviour chart as a drawing: its title is what it finds, and nothing lies outside it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from app.i18n import LANGUAGES, sentences
from app.kpis.answers.limits import natural_limits
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Comparator, Direction, TargetValue
from app.kpis.declaration.marks import Tendency
from app.kpis.drawing.behaviour import axis, draw
from app.kpis.drawing.shapes import (
    MOST_POINTS,
    BehaviourFigure,
    ChartExplanation,
    ChartLimits,
    ChartMark,
    ChartPoint,
    ChartSeries,
    ChartShade,
)
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain, cut_periods
from app.kpis.statistics.behaviour import Signal
from app.kpis.statistics.stretches import moving_ranges, signals_of, stretches
from tests.kpis.drawing.drawings import described, of_class, parse, texts, title
from tests.kpis.kinds import aggregate_of
from tests.selection import selected

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = 3600.0
CALM = [2 * HOUR, 2.5 * HOUR] * 8
#: Seventeen months of which the last is a signal, and no other.
WILD = [0.5 * HOUR, 3.5 * HOUR] * 8
SPIKED = [*WILD, 20 * HOUR]


def figure(
    key: str,
    values: Sequence[float | None],
    *,
    grain: Grain = Grain.month,
    target: TargetValue | None = None,
    breaks: Sequence[int] = (),
    running: bool = False,
) -> BehaviourFigure:
    """The chart of these values, from January 2025 on."""
    kpi = KPIS[key]
    begin = datetime(2025, 1, 1, tzinfo=ZONE)
    end = datetime(2025, 4, 1, tzinfo=ZONE) if grain is Grain.day else datetime(2032, 1, 1, tzinfo=ZONE)
    bounds = list(pairwise(cut_periods(grain, begin, end, ZONE)))
    points = [
        ChartPoint(period_begin, to, value, running and n == len(values) - 1, target)
        for n, ((period_begin, to), value) in enumerate(zip(bounds, values, strict=False))
    ]
    over = [
        (n, point.value) for n, point in enumerate(points) if point.value is not None and not point.running
    ]
    known_values = [value for _, value in over]
    parts = stretches(known_values, [sum(n < bound for n, _ in over) for bound in breaks])
    limits = []
    for part, rules in zip(parts, [signals_of([part]) for part in parts], strict=True):
        if part.chart.centre is None or part.chart.moving_range is None:
            continue
        limits_found = natural_limits(
            kpi, known_values[part.first : part.last], part.chart.centre, part.chart.moving_range
        )
        last = len(points) - 1 if part is parts[-1] else over[part.last - 1][0]
        first = over[part.first][0]
        limits.append(
            ChartLimits(
                first,
                last,
                limits_found.centre,
                limits_found.low,
                limits_found.high,
                part.last - part.first,
                part.provisional,
                moving_range=limits_found.moving_range,
                upper_range=limits_found.upper_range,
            )
        )
        for (n, value), met in zip(over[part.first : part.last], rules, strict=True):
            better = (value > limits_found.centre) is (kpi.direction is Direction.up)
            tendency = Tendency.better if better else Tendency.worse
            points[n] = replace(points[n], signals=tuple(met), tendency=tendency)
    for (n, _), moved in zip(over, moving_ranges(known_values, parts), strict=True):
        points[n] = replace(points[n], moving_range=moved)
    values_now = parts[-1].last - parts[-1].first if parts else 0
    return BehaviourFigure(
        kpi=kpi, grain=grain, points=tuple(points), limits=tuple(limits), values=values_now
    )


def drawn(behaviour_figure: BehaviourFigure, language: str = "en") -> str:
    return draw(behaviour_figure, ChartWords(language, behaviour_figure.kpi.unit, ZONE, "CNY"))


def test_the_title_is_the_finding() -> None:
    key = "incident_resolution_seconds"
    name = KPIS[key].texts("en").name
    for values, finding in (
        ([None] * 4, "no values in this period"),
        (CALM[:4], "no limits yet; 2 more periods are needed"),
        (CALM, "usual variation, between 55 min 12 s and 3 h 35 min"),
        (SPIKED, "changed for the worse, beyond the upper limit, in May 2026"),
        (
            [5 * HOUR, 1 * HOUR] * 6 + [2.2 * HOUR] * 8,
            "changed for the better, 9 in a row below the mean, since Dec 2025",
        ),
        ([*SPIKED, *WILD], "usual variation, between 0 s and 9 h 59 min; the last signal was in May 2026"),
    ):
        assert title(parse(drawn(figure(key, values)))) == f"{name}: {finding}"
    chinese = title(parse(drawn(figure(key, SPIKED), "zh")))
    assert chinese == f"{KPIS[key].texts('zh').name}：异常变差，超出上限，于 2026 年 5 月"


def test_only_signals_are_filled_each_with_its_rule_in_words() -> None:
    root = parse(drawn(figure("incident_resolution_seconds", SPIKED)))
    (marker, legend) = of_class(root, "signal")
    assert (marker.attrib["fill"], marker.attrib["class"]) == ("#b35309", "signal worse")
    assert legend.attrib["class"] == "signal worse"
    assert texts(root, "letter") == ["W", "W"], "the colour says nothing that the letter does not"
    assert {shape.attrib["fill"] for shape in of_class(root, "dot")} == {"#ffffff"}
    assert len(of_class(root, "dot")) == len(WILD)
    assert "May 2026, 20 h: beyond the upper limit, changed for the worse" in texts(root)
    assert "May 2026, 20 h (beyond the upper limit)" in described(root)
    assert described(root).startswith("Jan 2025, 30 min; Feb 2025, 3 h 30 min")


def test_an_explained_signal_is_hollow_and_says_why() -> None:
    drawn_figure = figure("incident_resolution_seconds", SPIKED)
    explanation = ChartExplanation(
        drawn_figure.points[-1].begin,
        Signal.beyond_limits,
        "Power cut <script>alert(1)</script> & more, Wang 王",
    )
    drawing = drawn(replace(drawn_figure, explanations=(explanation,)))
    root = parse(drawing)
    assert title(root).endswith("beyond the upper limit, in May 2026; explained")
    assert {shape.attrib["fill"] for shape in of_class(root, "explained")} == {"#ffffff"}
    assert "<script" not in drawing
    assert "Power cut <script>alert(1)</script> & more, Wang 王" in " ".join(texts(root, "ink"))
    other = replace(explanation, rule=Signal.run_of_eight)
    assert of_class(parse(drawn(replace(drawn_figure, explanations=(other,)))), "explained") == []


def test_values_beyond_the_limits_in_a_row_are_one_line_unless_one_is_explained() -> None:
    drawn_figure = figure("incident_resolution_seconds", [*WILD, *WILD, 25 * HOUR, 25 * HOUR])
    several = "Sep 2027 to Oct 2027: 2 in a row beyond the upper limit, changed for the worse"
    assert several in texts(parse(drawn(drawn_figure)))
    explanation = ChartExplanation(drawn_figure.points[-1].begin, Signal.beyond_limits, "Power cut")
    root = parse(drawn(replace(drawn_figure, explanations=(explanation,))))
    assert several not in texts(root)
    assert "Sep 2027, 1 d 1 h: beyond the upper limit, changed for the worse" in texts(root)
    assert len(of_class(root, "explained")) == 2, "the point, and its line beneath"
    assert "Oct 2027, 1 d 1 h: beyond the upper limit, changed for the worse; explained (Power cut)" in texts(
        root
    )


def test_better_and_worse_differ_by_shape() -> None:
    worse = of_class(parse(drawn(figure("incident_resolution_seconds", SPIKED))), "worse")
    better = of_class(parse(drawn(figure("csat", [3.5, 3.6] * 8 + [4.9]))), "better")
    assert {shape.tag.rpartition("}")[2] for shape in worse} == {"path"}
    assert {shape.tag.rpartition("}")[2] for shape in better} == {"rect"}


def test_a_running_period_is_hollow_and_dashed_and_no_part_of_the_finding() -> None:
    drawn_figure = figure("incident_resolution_seconds", SPIKED, running=True)
    root = parse(drawn(drawn_figure))
    assert title(root).endswith("usual variation, between 0 s and 9 h 59 min")
    line, dot = sorted(of_class(root, "running"), key=lambda shape: shape.tag, reverse=True)
    assert line.attrib["stroke-dasharray"]
    assert (dot.attrib["fill"], "so far" in texts(root)) == ("#ffffff", True)
    assert "20 h (so far)" in described(root)


def test_limits_are_dotted_the_mean_solid_and_the_target_thick_and_dashed() -> None:
    target = TargetValue(Comparator.lt, 2 * HOUR)
    root = parse(drawn(figure("incident_resolution_seconds", CALM, target=target)))
    (centre,) = of_class(root, "centre")
    limits = of_class(root, "limit")
    (goal,) = of_class(root, "target")
    assert "stroke-dasharray" not in centre.attrib
    assert len({shape.attrib["stroke-dasharray"] for shape in limits}) == 1
    assert goal.attrib["stroke-dasharray"] != limits[0].attrib["stroke-dasharray"]
    assert float(goal.attrib["stroke-width"]) > float(centre.attrib["stroke-width"])
    assert {"centre 2 h 15 min", "upper limit 3 h 35 min", "target below 2 h"} <= set(texts(root))
    assert "Apr 2026: 2 h 30 min, target below 2 h: missed" in texts(root)


@pytest.mark.parametrize(("few", "drawn_lines", "provisional"), [(5, 0, False), (6, 2, True), (12, 2, False)])
def test_limits_of_few_periods_are_provisional_and_of_fewer_there_are_none(
    few: int, drawn_lines: int, provisional: bool
) -> None:
    root = parse(drawn(figure("incident_resolution_seconds", CALM[:few])))
    assert len(of_class(root, "limit")) == drawn_lines
    assert (f"provisional, based on {few}" in texts(root)) is provisional


def test_a_re_basing_is_a_line_with_the_name_of_the_change_and_limits_of_its_own() -> None:
    values = [*CALM, *[value / 4 for value in CALM]]
    drawn_figure = figure("incident_resolution_seconds", values, breaks=[16])
    mark = ChartMark(drawn_figure.points[16].begin, "CHG-2026-000031 & <others>")
    root = parse(drawn(replace(drawn_figure, rebases=(mark,))))
    (line,) = of_class(root, "rebase")
    assert "limits re-based: CHG-2026-000031 & <others>" in texts(root)
    assert len(of_class(root, "centre")) == 2
    assert of_class(root, "signal") == []
    assert of_class(parse(drawn(figure("incident_resolution_seconds", values))), "signal") != []
    assert line.attrib["d"].startswith("M")


def test_what_happened_has_a_letter_beneath_its_period_and_a_line_in_words() -> None:
    drawn_figure = figure("incident_resolution_seconds", CALM)
    begins = [point.begin for point in drawn_figure.points]
    moments = (
        ChartMark(begins[3] + timedelta(days=13), "CHG-2026-000031 & <others> implemented"),
        ChartMark(begins[3] + timedelta(days=20), "INC-2026-000007, major incident"),
        ChartMark(begins[9], "target set, below 2 h"),
    )
    root = parse(drawn(replace(drawn_figure, moments=moments, left_out="9 more changes")))
    lines = " ".join(texts(root, "ink"))
    assert "Apr 2025: 14 Apr CHG-2026-000031 & <others> implemented; 21 Apr INC-2026-000007" in lines
    assert "Oct 2025: 1 Oct target set, below 2 h" in lines
    assert [text for text in texts(root, "ink") if text in ("A", "B", "C")] == ["A", "B", "A", "B"]
    assert "9 more changes" in texts(root)
    assert "21 Apr INC-2026-000007, major incident" in described(root)
    marked = sorted(float(shape.attrib["x"]) for shape in of_class(root, "moment") if "x" in shape.attrib)[2:]
    dots = [float(shape.attrib["cx"]) for shape in of_class(root, "dot")]
    assert marked == pytest.approx([dots[3] - 6.5, dots[9] - 6.5], abs=0.1)


def test_letters_never_meet_and_only_the_newest_have_lines() -> None:
    drawn_figure = figure("backlog", [float(n % 7) for n in range(MOST_POINTS)], grain=Grain.day)
    moments = tuple(ChartMark(point.begin, f"CHG-2026-{n:06}") for n, point in enumerate(drawn_figure.points))
    root = parse(drawn(replace(drawn_figure, moments=moments)))
    places = sorted({float(shape.attrib["x"]) for shape in of_class(root, "moment") if "x" in shape.attrib})[
        1:
    ]
    assert all(later - earlier >= 13 for earlier, later in pairwise(places))
    assert len(places) == 8
    assert any(text.startswith("and ") and text.endswith(" earlier ones") for text in texts(root))


def test_moving_ranges_are_drawn_beneath_with_a_limit_of_their_own() -> None:
    drawn_figure = figure("incident_resolution_seconds", SPIKED)
    plain = parse(drawn(drawn_figure))
    words = ChartWords("en", drawn_figure.kpi.unit, ZONE, "CNY")
    root = parse(draw(drawn_figure, words, moving_range=True))
    assert float(root.attrib["height"]) > float(plain.attrib["height"])
    # The mean of fifteen ranges of 3 h, without that of the value beyond the limits, and 3.268 times that.
    assert {"mean 3 h", "upper limit 9 h 48 min"} <= set(texts(root)) - set(texts(plain))
    assert "May 2026: the difference of 16 h 30 min is beyond the limit" in texts(root)
    assert len(of_class(root, "dot")) == 2 * len(WILD) - 1
    assert [shape.tag.rpartition("}")[2] for shape in of_class(root, "neither")] == ["circle"]


def test_of_an_effect_windows_are_shaded_and_old_limits_drawn_on() -> None:
    drawn_figure = figure("incident_resolution_seconds", CALM)
    old = ChartLimits(8, 15, 8000.0, 3000.0, 12_500.0, 8, carried=True)
    begins = [point.begin for point in drawn_figure.points]
    effect = replace(
        drawn_figure,
        title="31 min shorter",
        limits=(replace(drawn_figure.limits[0], last=7), old),
        shades=(ChartShade(begins[0], begins[8], "before"), ChartShade(begins[9], begins[15], "after")),
        moment=ChartMark(begins[8], "CHG-2026-000031"),
        control=ChartSeries("other teams", (None, *[3 * HOUR] * 15)),
    )
    root = parse(drawn(effect))
    assert title(root) == "31 min shorter"
    assert len(of_class(root, "window")) == 2
    assert len(of_class(root, "carried")) == 3
    assert len(of_class(root, "others")) == 1
    assert {"before", "after", "CHG-2026-000031", "other teams"} <= set(texts(root))


@pytest.mark.parametrize("language", LANGUAGES)
def test_any_series_of_any_kpi_lies_within_its_drawing(language: str) -> None:
    chance = random.Random(23)
    for key in selected("series", KPIS, aggregate_of):
        grain = chance.choice([Grain.day, Grain.week, Grain.month, Grain.quarter])
        many = chance.choice([1, 2, 7, 13, 28])
        size = 10.0 ** chance.uniform(-3, 7)
        values = [chance.choice([None, 0.0, *[size * chance.gauss(1, 0.5)] * 6]) for _ in range(many)]
        target = chance.choice([None, TargetValue(Comparator.ge, 0.95), TargetValue(Comparator.le, size * 2)])
        drawn_figure = figure(key, values, grain=grain, target=target, running=chance.random() < 0.5)
        name = "团队 <&> " * 40
        marks = (
            ChartMark(drawn_figure.points[-1].begin, name),
            ChartMark(drawn_figure.points[0].begin, name),
        )
        words = ChartWords(language, drawn_figure.kpi.unit, ZONE, "CNY")
        drawing = replace(drawn_figure, scope=name, rebases=marks, moments=marks[::-1])
        parse(draw(drawing, words, moving_range=chance.random() < 0.5))
    drawn_figure = figure("backlog", [float(n % 7) for n in range(MOST_POINTS)], grain=Grain.day)
    assert len(drawn(drawn_figure, language)) < 40_000


@pytest.mark.parametrize("grain", [Grain.week, Grain.month, Grain.quarter])
def test_the_axis_holds_limits_targets_and_points(grain: Grain) -> None:
    """A value beyond its axis would be drawn at the end of it, as if it were less."""
    chance = random.Random(23)
    for key in chance.sample(sorted(KPIS), 12):
        size = 10.0 ** chance.uniform(-3, 6)
        values = [
            size * chance.gauss(chance.choice([-1, 1, 3]), 0.7) for _ in range(chance.choice([5, 13, 28]))
        ]
        target = TargetValue(Comparator.lt, size * chance.choice([0.01, 1, 40]))
        drawn_figure = figure(key, values, grain=grain, target=target, running=True)
        scale = axis(drawn_figure)
        limits = [number for limit in drawn_figure.limits for number in (limit.low, limit.centre, limit.high)]
        for number in (target.value, *limits, *values):
            assert scale.low <= number <= scale.high, (key, grain)
        assert all(scale.low <= tick <= scale.high for tick in scale.ticks)


def test_both_languages_name_the_same_things() -> None:
    english, chinese = (sentences(language)["chart"] for language in LANGUAGES)
    assert english.keys() == chinese.keys()
