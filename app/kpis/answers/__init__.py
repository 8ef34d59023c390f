"""Answers to questions about KPIs: points, intervals, comparisons, forecasts and charts as values."""
