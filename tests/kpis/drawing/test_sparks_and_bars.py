"""Sparks, bars, and parts with their intervals: all that is drawn lies within, and is said in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from app.kpis.declaration.kpi import Comparator, TargetValue, Unit
from app.kpis.declaration.marks import Tendency
from app.kpis.drawing.bars import BarSeries, FlowFigure, draw_flow
from app.kpis.drawing.effects.effect_shapes import IntervalRow
from app.kpis.drawing.effects.intervals import draw_parts
from app.kpis.drawing.spark import SparkPoint, draw_spark
from app.kpis.questions.chart_words import ChartWords
from tests.kpis.drawing.drawings import described, of_class, parse, texts, title

WORDS = ChartWords("en", Unit.cases, ZoneInfo("UTC"))
SHARES = ChartWords("en", Unit.ratio, ZoneInfo("UTC"))


def test_only_signals_are_filled_in_a_spark_and_a_running_period_is_hollow() -> None:
    points = [*(SparkPoint(value) for value in (5.0, 6.0, None, 5.5)), SparkPoint(2.0, running=True)]
    points[1] = SparkPoint(19.0, is_signal=True, tendency=Tendency.worse)
    root = parse(draw_spark(points, (1.0, 5.5, 10.0), "five months"))
    assert title(root) == "five months"
    (signal,), (running,) = of_class(root, "signal"), of_class(root, "running")
    assert signal.attrib["class"] == "signal worse"
    assert running.attrib["fill"] == "#ffffff"
    assert len(of_class(root, "limit")) == 2
    (data,) = of_class(root, "data")
    assert data.attrib["d"].count("M") == 2, "broken where there is no value"
    assert data.attrib["d"].count("L") == 1, "the running period is joined to nothing"


def test_without_values_there_is_no_spark_and_without_limits_no_lines() -> None:
    assert draw_spark([SparkPoint(None)], None, "") == ""
    assert of_class(parse(draw_spark([SparkPoint(0.0)], None, "")), "limit") == []


def test_what_came_and_went_stands_side_by_side_from_nought() -> None:
    figure = FlowFigure(
        title="Opened and ended <&>",
        periods=("Sep", "Oct"),
        bars=(BarSeries("Opened", (10.0, 20.0)), BarSeries("Ended", (12.0, 0.0))),
        line=BarSeries("Open", (30.0, None)),
    )
    root = parse(draw_flow(figure, WORDS))
    ten, twenty, _ = of_class(root, "first")
    assert float(twenty.attrib["height"]) / float(ten.attrib["height"]) == pytest.approx(2, rel=0.01)
    assert len(of_class(root, "second")) == 2, "a bar, and its name: nothing is drawn of nought"
    assert described(root) == "Sep: Opened 10, Ended 12, Open 30; Oct: Opened 20, Ended 0"


def test_parts_stand_on_one_axis_with_the_target() -> None:
    rows = (IntervalRow("network", 0.5, 0.4, 0.6, 40), IntervalRow("mail", None, cases=0))
    root = parse(draw_parts("By team", rows, TargetValue(Comparator.ge, 0.95), SHARES))
    assert "target at least 95 %" in texts(root)
    assert described(root) == "network: 50 % (40 % to 60 %); mail: no cases"
    assert len(of_class(root, "estimate")) == 1
    parse(draw_parts("By team", (), None, SHARES))
