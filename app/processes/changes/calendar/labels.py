"""Words of the change calendar's drawings and files, in English and Chinese (pure)."""

from __future__ import annotations

from datetime import date

LABELS = {
    "en": {
        "calendar": "Change calendar",
        "week": "Week {week}: {first} – {last}",
        "times": "Times in {zone}",
        "today": "today",
        "hours": "{hours} h: clocks change",
        "more": "+{n} more",
        "truncated": "There is more than can be drawn: choose a service or a team.",
        "overridden": "! scheduled over something that stood in the way",
        "summary": "{changes} changes and {freezes} periods without changes, {first} to {last}.",
        "nothing": "Nothing is scheduled.",
        "until": "{first} to {last}",
        "services": "Services: {names}",
        "cis": "Items: {names}",
        "team": "Team: {name}",
        "assignee": "Assignee: {name}",
        "risk": "Risk: {level}",
        "state": "State: {state}",
        "type": "Type: {type}",
    },
    "zh": {
        "calendar": "变更日历",
        "week": "第 {week} 周：{first} – {last}",
        "times": "时间按 {zone}",
        "today": "今天",
        "hours": "{hours} 小时：时钟调整",
        "more": "另有 {n} 项",
        "truncated": "条目过多，未能全部画出：请选择服务或团队。",
        "overridden": "! 虽有冲突仍排期",
        "summary": "{first} 至 {last}：{changes} 项变更，{freezes} 个冻结期。",
        "nothing": "没有已排期的变更。",
        "until": "{first} 至 {last}",
        "services": "服务：{names}",
        "cis": "配置项：{names}",
        "team": "团队：{name}",
        "assignee": "处理人：{name}",
        "risk": "风险：{level}",
        "state": "状态：{state}",
        "type": "类型：{type}",
    },
}
WEEKDAYS = {"en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "zh": list("一二三四五六日")}
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def translated(language: str, code: str, **words: object) -> str:
    """Return the words of that code, with their placeholders filled."""
    return LABELS[language][code].format(**words)


def weekday(day: date, language: str) -> str:
    """Return the short name of the day of the week."""
    name = WEEKDAYS[language][day.weekday()]
    return f"周{name}" if language == "zh" else name


def short_day(day: date, language: str) -> str:
    """Return the day without its year: `23 Nov`."""
    if language == "zh":
        return f"{day.month}月{day.day}日"
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def long_day(day: date, language: str) -> str:
    """Return the day with its year: `23 Nov 2026`."""
    short = short_day(day, language)
    return f"{day.year}年{short}" if language == "zh" else f"{short} {day.year}"


def month_name(day: date, language: str) -> str:
    """Return the month of the day with its year: `November 2026`."""
    return f"{day.year}年{day.month}月" if language == "zh" else f"{MONTHS[day.month - 1]} {day.year}"
