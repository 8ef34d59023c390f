"""Report in a mail of a monitoring tool: its subject, and whether it is over (pure).

Tools write the state into the subject (`** PROBLEM Host Alert: db1 is DOWN **`, `Resolved in 5m: CPU load`),
each at its place. Without that word, the subjects of a problem and of its recovery are the same. A word for a
state anywhere else, and every number, is part of a name. Many subjects name no host: then the text does, in a
line as `Host: db1`. If neither does, nobody knows which host recovers: the report is about nothing known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FIRING = (
    "problem|critical|crit|down|warning|warn|unknown|unkn|unreachable|unreach|pending|pend|firing|alarm|alert"
    "|triggered"
)
_OVER = "recovery|recovered|resolved|ok|up|cleared|normal"
#: Kinds of mails between a problem and its recovery.
_BETWEEN = (
    "acknowledgement|acknowledged|custom|flapping(?:start|stop|end|disabled)|updated problem"
    "|downtime(?:start|end|cancelled|removed)"
)
#: Words for the subject of a mail instead of a state of a thing: names never begin with them.
_KINDS = rf"(?:problem|recovery|recovered|resolved|alarm|alert|firing|triggered|{_BETWEEN})"
_STATE = rf"(?:{_FIRING}|{_OVER}|{_BETWEEN})"
_CAPITALS = _STATE.upper()
_COUNT = r"(?::\d+(?:,\s*(?:firing|resolved):\d+)?)?"
_DURATION = r"(?:\s+in\s+(?:\d+\s*[a-z]+\s*){1,4})?"
#: Subjects that only a tool writes: Nagios and Icinga 1, Icinga 2, Alertmanager and Grafana, Checkmk.
_ONLY_A_TOOLS = re.compile(
    rf"\*\*\s*{_CAPITALS}\s+(?:Host|Service)\s+Alert:\s*\S.*\s+is\s+[A-Z]+\s*\*\*"
    rf"|\[{_CAPITALS}\]\s+\S.*\s+is\s+[A-Z]+\s*!"
    r"|\[(?:FIRING(?::\d+)?|RESOLVED(?::\d+)?)(?:,\s*(?:FIRING|RESOLVED):\d+)?\]\s+\S.*"
    r"|Check_?(?:MK|mk):\s*\S.*\s+[A-Z]+\s*->\s*[A-Z]+"
)
#: Zabbix also uses everyday words in its subjects; but its text has a number that only Zabbix writes.
_ZABBIX = re.compile(r"(?:problem|resolved|updated problem)\b[^:]{0,60}:\s*\S.*", re.IGNORECASE)
_ZABBIX_NUMBER = re.compile(r"^Original problem ID:[ \t]*(\d{1,20})[ \t]*$", re.IGNORECASE | re.MULTILINE)
#: Subjects that begin with the name of a thing that a tool watches: Uptime Kuma, UptimeRobot.
_NAMING = re.compile(rf"\[[^\[\]]+\]\s*\[[^\[\]]+\]|\w+ is (?:now )?{_CAPITALS}\s*:\s*\S.*")
#: Where tools put the state, in the order in which a subject is tried.
_PLACES = (
    re.compile(rf"\*\*\s*(?P<state>{_CAPITALS})\s+(?P<about>(?:Host|Service)\s+Alert:\s*\S.*)\s*\*\*"),
    re.compile(rf"(?P<about>\S.*?)\s+{_CAPITALS}\s*->\s*(?P<state>{_CAPITALS})"),
    re.compile(rf"\[\W*(?P<state>{_STATE}){_COUNT}\W*\]\s*(?P<about>\S.*)", re.IGNORECASE),
    re.compile(rf"(?P<about>\S.*?)\s*\[\W*(?P<state>{_STATE})\W*\]", re.IGNORECASE),
    re.compile(rf"\w+ is (?:now )?(?P<state>{_CAPITALS})\s*:\s*(?P<about>\S.*)"),
)
#: A state at the beginning, alone or with what it takes to be no name; and that at the end of `db1 is DOWN`.
_LEADING = (
    re.compile(rf"(?P<state>{_CAPITALS}){_DURATION}\s*(?:[:：]|\s[-–|])\s*(?P<about>\S.*)"),
    re.compile(
        rf"(?P<state>problem|resolved|updated problem){_DURATION}\s*:\s*(?P<about>\S.*)", re.IGNORECASE
    ),
    re.compile(rf"(?P<state>{_KINDS.upper()})\s+(?P<about>\S.*)"),
)
_FIRST_WORD = re.compile(rf"(?P<state>{_CAPITALS})\s+(?P<about>\S.*)")
_LAST = re.compile(rf"(?P<about>\S.*?)\s+(?:is|are|was|went|is now|now)\s+(?P<state>{_CAPITALS})[\s!.*]*")
#: Lines by which the text names a host or a service; cells of a table stand behind `|`.
_LABELS = (
    r"host(?:[ _-]?names?)?|server(?:[ _-]?name)?|node|device|instance|machine|computer|rechner|gerät|hôte"
    r"|serveur|équipement|servidor|equipo|anfitrión|dispositivo|máquina|macchina|apparato|urządzenie"
    r"|serwer|хост|узел|сервер|устройство|主机(?:名称?)?|主機(?:名稱?)?|服务器|伺服器|设备|設備|实例|节点"
    r"|ホスト名?|サーバー?|機器|service|sensor|check|monitor|dienst|capteur|sonde|servicio|serviço|servizio|служба"
    r"|сервис|датчик|服务|服務|传感器|サービス|センサー?"
)
_NAMED = re.compile(
    rf"^[ \t]*(?:[-*•|][ \t]*)?(?:{_LABELS})(?:[ \t]?[(（][^()（）\n]{{0,40}}[)）])?"
    r"[ \t]*[:：=|][ \t]*(\S[^|\n]{0,200})",
    re.IGNORECASE | re.MULTILINE,
)
MOST_NAMED = 20
# A number behind letters, a name with dots or hyphens, an address: how hosts are called. Parts of a host have
# names with numbers, too.
_HOST = re.compile(
    r"(?<![\w./-])(?!(?:eth|ens|enp|eno|wlan|sd[a-z]|hd[a-z]|nvme|dm|cpu|core|md|disk|port|vlan|raid|gi|te"
    r"|v|p)[-_]?\d)"
    r"(?:[a-z][\w-]*\d[\w.-]*|\w[\w-]*(?:\.\w[\w-]*)+|\w+(?:[-_]\w+)+|\d+(?:\.\d+){3})",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“„«『「'].+[\"”“»』」']")

#: Accounts by which these tools send.
_TOOLS = re.compile(
    r"(?:nagios|icinga2?|zabbix|check_?mk|prometheus|alertmanager|grafana|monit|monitoring|prtg|sensu|netdata"
    r"|munin|centreon|shinken|librenms|opsview|uptime-?kuma)(?:[+-].*)?@.*"
)


@dataclass(frozen=True, slots=True)
class MonitoringReport:
    """The report of a monitoring tool: `about` is the same for a problem and its recovery, and for nothing
    else; None if that is doubtful. `by_program`: the mail has the mark of a program, or the address of a
    tool, and not only the subject of one.
    """

    about: str | None
    is_over: bool
    by_program: bool


def monitoring_report(sender: str, subject: str, text: str, *, by_program: bool) -> MonitoringReport | None:
    """Return what the mail reports; None if no monitoring tool wrote it. Without the mark of a program or the
    address of a tool, the subject must be one that people do not write.
    """
    number = _ZABBIX_NUMBER.search(text) if _ZABBIX.fullmatch(subject) is not None else None
    by_tool = number is not None or _ONLY_A_TOOLS.fullmatch(subject) is not None
    by_program = by_program or _TOOLS.fullmatch(sender) is not None
    reading = _state_and_name(subject)
    if reading is None or not (by_tool or by_program):
        return None
    state, name = reading
    is_over = re.fullmatch(_OVER, state) is not None
    if number is not None:
        return MonitoringReport(f"problem {number[1]}", is_over, by_program)
    names = set(_names_in(text))
    is_named = by_tool or _NAMING.fullmatch(subject) or _HOST.search(name) or _QUOTED.search(name)
    hosts = sorted(each for each in names if not _stands_in(each, name))
    about = " ".join([name, *hosts]) if names or is_named else None
    return MonitoringReport(about, is_over, by_program)


def _state_and_name(subject: str) -> tuple[str, str] | None:
    """Return the state that a subject names, and the rest of it. None: no state stands where tools put it."""
    line = " ".join(subject.split())
    for place in (*_PLACES, *_LEADING):
        if (match := place.fullmatch(line)) is not None:
            return match["state"].casefold(), _without_last_state(match)
    match = _LAST.fullmatch(line) or _FIRST_WORD.fullmatch(line)
    return None if match is None else (match["state"].casefold(), _plain(match["about"]))


def _without_last_state(match: re.Match[str]) -> str:
    """Return the thing; without the state at the end, if that is not the opposite of the first."""
    name = match["about"]
    last = _LAST.fullmatch(name)
    is_repeated = last is not None and _is_over(last["state"].casefold()) is _is_over(
        match["state"].casefold()
    )
    return _plain(last["about"] if last is not None and is_repeated else name)


def _is_over(state: str) -> bool:
    return re.fullmatch(_OVER, state) is not None


def _plain(name: str) -> str:
    return " ".join(name.casefold().split()).strip(" -:!*")


def _names_in(text: str) -> Iterator[str]:
    """Yield the hosts and services that lines of the text name."""
    for number, match in enumerate(_NAMED.finditer(text)):
        if number == MOST_NAMED:
            return
        yield _plain(match[1])


def _stands_in(host: str, name: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", name) is not None
