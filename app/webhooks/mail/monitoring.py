"""What a mail of a monitoring tool reports: which thing, and whether it is over (pure).

Tools write the state into the subject (`** PROBLEM Host Alert: db1 is DOWN **`, `Resolved in 5m: CPU load`).
Without the words for the state, the subjects of a problem and of its recovery are the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIRING = "problem|critical|crit|down|warning|warn|unknown|unreachable|firing|alarm|alert|triggered"
_OVER = "recovery|recovered|resolved|ok|up|cleared|normal"
#: Kinds of mails between a problem and its recovery.
_BETWEEN = (
    "acknowledgement|acknowledged|custom|flapping(?:start|stop|end|disabled)|updated problem"
    "|downtime(?:start|end|cancelled|removed)"
)
_STATE = rf"(?:{_FIRING}|{_OVER}|{_BETWEEN})"
#: Subjects that only a tool writes: Nagios and Icinga 1, Icinga 2, Alertmanager and Grafana, Checkmk.
_ONLY_A_TOOLS = re.compile(
    rf"\*\*\s*{_STATE.upper()}\s+(?:Host|Service)\s+Alert:\s*\S.*\s+is\s+[A-Z]+\s*\*\*"
    rf"|\[{_STATE.upper()}\]\s+\S.*\s+is\s+[A-Z]+\s*!"
    r"|\[(?:FIRING(?::\d+)?|RESOLVED(?::\d+)?)(?:,\s*(?:FIRING|RESOLVED):\d+)?\]\s+\S.*"
    r"|Check_?(?:MK|mk):\s*\S.*\s+[A-Z]+\s*->\s*[A-Z]+"
)
#: Zabbix writes its subjects in words that people use, too; its text has a number that nobody else writes.
_ZABBIX = re.compile(r"(?:problem|resolved|updated problem)\b[^:]{0,60}:\s*\S.*", re.IGNORECASE)
_ZABBIX_NUMBER = re.compile(r"^Original problem ID:[ \t]*(\d{1,20})[ \t]*$", re.IGNORECASE | re.MULTILINE)
#: How programs write a state: in capitals, or alone in brackets.
_CAPITALS = re.compile(rf"\b{_STATE.upper()}\b")
_IN_BRACKETS = re.compile(rf"\[\W*{_STATE}\]", re.IGNORECASE)
#: The state by which a subject begins, the last one of `OK -> CRIT`, and that of `db1 is DOWN`.
_FIRST = re.compile(rf"\W*({_STATE})\b", re.IGNORECASE)
_ARROW = re.compile(rf"->\s*({_STATE})\b", re.IGNORECASE)
_IS = re.compile(rf"(?:\b(?:is|are|was|went|now)\s+|\[\W*)({_STATE})\b", re.IGNORECASE)
_DURATION = re.compile(r"\bin\s+(?:\d+\s*[a-z]+\s*){1,4}(?=:)", re.IGNORECASE)
_COUNT = re.compile(r"\b(firing|resolved):\d+", re.IGNORECASE)
_PERCENTAGE = re.compile(r"\d+(?:[.,]\d+)?\s?%")
_STATE_WORDS = re.compile(rf"\b(?:{_STATE}|is|are|was|went|now)\b", re.IGNORECASE)
_NOT_IN_A_NAME = re.compile(r"[^\w/.@-]+")


#: Accounts by which these tools send.
_TOOLS = re.compile(
    r"(?:nagios|icinga2?|zabbix|check_?mk|prometheus|alertmanager|grafana|monit|monitoring|prtg|sensu|netdata"
    r"|munin|centreon|shinken|librenms|opsview|uptime-?kuma)(?:[+-].*)?@.*"
)


@dataclass(frozen=True, slots=True)
class MonitoringReport:
    """The report of a monitoring tool: `about` is the same for a problem and its recovery. `by_program`: the
    mail has the mark of a program, or the address of a tool, and not only the subject of one.
    """

    about: str
    is_over: bool
    by_program: bool


def monitoring_report(sender: str, subject: str, text: str, *, by_program: bool) -> MonitoringReport | None:
    """Return what the mail reports; None if no monitoring tool wrote it. Without the mark of a program or the
    address of a tool, the subject must be one that people do not write.
    """
    is_zabbix = _ZABBIX.fullmatch(subject) is not None
    number = _ZABBIX_NUMBER.search(text) if is_zabbix else None
    by_tool = number is not None or _ONLY_A_TOOLS.fullmatch(subject) is not None
    has_state = is_zabbix or _CAPITALS.search(subject) or _IN_BRACKETS.search(subject)
    by_program = by_program or _TOOLS.fullmatch(sender) is not None
    if not by_tool and not (by_program and has_state):
        return None
    state = _state(subject)
    about = _about(subject) if number is None else f"problem {number[1]}"
    if state is None or not about:
        return None
    return MonitoringReport(about, re.fullmatch(_OVER, state) is not None, by_program)


def _state(subject: str) -> str | None:
    match = _ARROW.search(subject) or _FIRST.match(subject) or _IS.search(subject)
    return None if match is None else match[1].casefold()


def _about(subject: str) -> str:
    plain = _COUNT.sub(r"\1", _DURATION.sub("", subject))
    words = _STATE_WORDS.sub(" ", _PERCENTAGE.sub(" ", plain))
    return " ".join(word for word in _NOT_IN_A_NAME.split(words.casefold()) if word.strip("-._/"))
