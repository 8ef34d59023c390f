"""Mails of monitoring tools: a problem opens an incident, its recovery reaches that, and nobody is mailed."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from app.common.people import Role
from app.webhooks.mail.monitoring import monitoring_report
from tests.client import Api, Json
from tests.people import add_person
from tests.webhooks.test_mail import a_mail, a_mailbox, deliver, follow_addresses
from tests.webhooks.tools import Tool

NAGIOS = "nagios@mon.example"
#: Subjects of a problem and of its recovery, in the forms that tools write.
PAIRS = [
    ("** PROBLEM Host Alert: db1 is DOWN **", "** RECOVERY Host Alert: db1 is UP **"),
    ("** PROBLEM Service Alert: web/HTTP is CRITICAL **", "** RECOVERY Service Alert: web/HTTP is OK **"),
    ("[PROBLEM] ping4 on web1 is CRITICAL!", "[RECOVERY] ping4 on web1 is OK!"),
    ("[FIRING:2] DiskFull (db1 critical)", "[RESOLVED] DiskFull (db1 critical)"),
    ("Check_MK: web1/CPU load OK -> CRIT", "Check_MK: web1/CPU load CRIT -> OK"),
]
#: The same in words that people write, too: only a program's mark, or its address, says whose they are.
PAIRS_OF_PROGRAMS = [
    ("PROBLEM db1 is DOWN", "RECOVERY db1 is UP"),
    ("PROBLEM - web01 - ping is CRITICAL", "RECOVERY - web01 - ping is OK"),
    ("Problem: High CPU on web1", "Resolved in 1h 5m 0s: High CPU on web1"),
    ('ALARM: "cpu-high" in EU (Ireland)', 'OK: "cpu-high" in EU (Ireland)'),
    ("Monitor is DOWN: shop.example", "Monitor is UP: shop.example"),
    ("[Web] [🔴 Down]", "[Web] [✅ Up]"),
    ("WARNING: volume 10% reserve of db4 is full", "OK: volume 10% reserve of db4 is full"),
    ("CRITICAL - Link up on db5", "NORMAL - Link up on db5"),
]
WRITTEN_BY_PEOPLE = [
    "Problem: my printer",
    "Problem with order 7",
    "My laptop is down",
    "OK: thanks",
    "Re: ** PROBLEM Host Alert: db1 is DOWN **",
    "Fwd: [FIRING:2] DiskFull (db1)",
    "[Resolved] my printer",
    "Warning: unknown sender",
]


def test_a_problem_and_its_recovery_are_about_the_same_thing() -> None:
    for by_program, pairs in ((False, PAIRS), (True, PAIRS + PAIRS_OF_PROGRAMS)):
        for problem, recovery in pairs:
            first, last = (
                monitoring_report("ops@mon.example", subject, "", by_program=by_program)
                for subject in (problem, recovery)
            )
            assert first, problem
            assert last, recovery
            assert (first.about, first.is_over, last.is_over) == (last.about, False, True), problem


def test_different_hosts_and_checks_are_told_apart() -> None:
    subjects = [problem for problem, _ in PAIRS + PAIRS_OF_PROGRAMS]
    subjects.append("** PROBLEM Host Alert: db2 is DOWN **")
    reports = [monitoring_report(NAGIOS, subject, "", by_program=True) for subject in subjects]
    assert len({report.about for report in reports if report}) == len(subjects)


@pytest.mark.parametrize("subject", WRITTEN_BY_PEOPLE)
def test_what_people_write_is_no_report(subject: str) -> None:
    assert monitoring_report("lin@example.org", subject, "It smokes.", by_program=False) is None


def test_zabbix_is_known_by_the_number_of_the_problem() -> None:
    text = "Problem started at 10:00:00 on 2026.11.28\nHost: web1\nOriginal problem ID: {}\n"
    subjects = ("Problem: High CPU 97", "Updated problem in 1h: High CPU 97", "Resolved in 2h 1m: High CPU 3")
    reports = [
        monitoring_report("ops@x.example", subject, text.format(7), by_program=False) for subject in subjects
    ]
    assert [(report.about, report.is_over) for report in reports if report] == [
        ("problem 7", False),
        ("problem 7", False),
        ("problem 7", True),
    ]
    other = monitoring_report("ops@x.example", subjects[0], text.format(8), by_program=False)
    assert other is not None
    assert other.about == "problem 8"


def a_report(subject: str, n: int, sender: str = NAGIOS, **headers: str) -> EmailMessage:
    """A mail of a monitoring tool."""
    return a_mail(sender, subject=subject, message_id=f"<{n}@mon.example>", text=f"Text {n}.\n", **headers)


async def comments(tool: Tool, ticket: Json) -> list[str]:
    """The texts of the ticket's comments, the first first."""
    rows = (await tool.admin.read(f"/v1/incidents/{ticket['id']}/comments"))["items"]
    return [row["text"] for row in rows]


@pytest.mark.parametrize(
    "headers", [{}, {"Return_Path": "<>"}, {"Auto_Submitted": "auto-generated"}], ids=str
)
async def test_a_recovery_reaches_the_incident_of_its_problem_and_nobody_is_mailed(
    api: Api, headers: Json
) -> None:
    tool = await a_mailbox(api)
    await add_person(api.ledger, "Nagios")
    await follow_addresses(api)
    sender = "nagios@example.org"
    mails = [
        a_report("** PROBLEM Host Alert: db1 is DOWN **", 1, sender, **headers),
        a_report("** PROBLEM Host Alert: db2 is DOWN **", 2, sender, **headers),
        a_report("** ACKNOWLEDGEMENT Host Alert: db1 is DOWN **", 3, sender, **headers),
        a_report("** RECOVERY Host Alert: db1 is UP **", 4, sender, References="<0@mon.example>", **headers),
        a_report("** RECOVERY Host Alert: db1 is UP **", 5, sender="nagios@evil.example", **headers),
    ]
    effects = [(await deliver(tool, mail))["effects"] for mail in mails]
    outcomes = [each[0]["outcome"] for each in effects]
    assert outcomes == ["opened", "opened", "commented", "commented", "opened"]
    db1, db2, forged = await tool.tickets()
    assert await comments(tool, db1) == [
        "** ACKNOWLEDGEMENT Host Alert: db1 is DOWN **\n\nText 3.",
        "** RECOVERY Host Alert: db1 is UP **\n\nText 4.",
    ]
    assert (db1["state"], await comments(tool, db2)) == ("new", []), (
        "a mail that anybody can forge ends nothing"
    )
    query = "select kind from fold.person where id = any(%s)"
    requesters = [[ticket["requester"]["id"] for ticket in (db1, db2, forged)]]
    kinds = {row["kind"] for row in await api.ledger.db.rows(query, requesters)}
    assert kinds == {"machine"}, "a machine's account gets no notice"
    added = await api.ledger.db.value("select count(*) from fold.person where name like 'Li Na%%'", ())
    assert added == 0


async def test_the_recovery_of_a_tool_that_the_source_names_ends_the_incident(api: Api) -> None:
    tool = await a_mailbox(api, monitors=["@mon.example"], unknown_senders="refuse", automatic_mails="ignore")
    agent = await api.client("Lin", Role.agent, teams=(await a_team(api),))
    for n, host in enumerate(("db1", "db2")):
        await deliver(tool, a_report(f"PROBLEM {host} is DOWN", n))
    db1, db2 = await tool.tickets()
    await agent.post_ok(f"/v1/incidents/{db2['id']}/assign", {"team": "network", "person": "me"})
    await agent.post_ok(f"/v1/incidents/{db2['id']}/acknowledge")
    await agent.post_ok(f"/v1/incidents/{db2['id']}/start")
    for n, host in enumerate(("db1", "db2"), 2):
        done = await deliver(tool, a_report(f"RECOVERY {host} is UP", n))
        assert done["state"] == "processed", done
    db1, db2 = await tool.tickets()
    assert (db1["state"], db2["state"]) == ("resolved", "in_progress")
    assert "RECOVERY db1 is UP\n\nText 2." in await comments(tool, db1)
    assert "RECOVERY db2 is UP\n\nText 3." in await comments(tool, db2)
    later = await deliver(tool, a_report("RECOVERY db1 is UP", 8))
    again = await deliver(tool, a_report("PROBLEM db1 is DOWN", 9))
    assert [each["effects"][0]["outcome"] for each in (later, again)] == ["commented", "opened"]


#: Subjects that differ only in a word or number that is part of a name.
DIFFERENT = [
    ("[PROBLEM] Host id-000001 + Link up + A is DOWN!", "[PROBLEM] Host id-000001 + Link down + A is DOWN!"),
    ("CRITICAL: volume 10% reserve pool of db1", "CRITICAL: volume 20% reserve pool of db1"),
    ("** PROBLEM Host Alert: is is DOWN **", "** PROBLEM Host Alert: ok is DOWN **"),
    ("[FIRING:1] Normal db1", "[FIRING:1] Warning db1"),
    ("PROBLEM db1 unknown job is CRITICAL", "PROBLEM db1 normal job is CRITICAL"),
    ("PROBLEM: link of db1 is DOWN", "PROBLEM: link of db1 is UP"),
    ("UP board 7 of db1 is DOWN", "board 7 of db1 is DOWN"),
]


@pytest.mark.parametrize("pair", DIFFERENT, ids=str)
def test_states_and_numbers_within_a_name_are_part_of_it(pair: tuple[str, str]) -> None:
    first, second = (monitoring_report(NAGIOS, subject, "", by_program=True) for subject in pair)
    assert first is not None
    assert second is not None
    assert None not in (first.about, second.about)
    assert first.about != second.about


HOST_LINES = (
    "Host: {}",
    "主机：{}",
    "hôte : {}",
    "Hostname = {}",
    "Server | {}",
    "- Gerät (DNS): {}",
    "ホスト名: {}",
)


@pytest.mark.parametrize("line", HOST_LINES)
def test_the_text_names_the_host_where_the_subject_does_not(line: str) -> None:
    subjects = ("PROBLEM: Disk space is low on /var", "OK: Disk space is low on /var")
    texts = [f"Severity: High\n{line.format(host)}\nDisk" for host in ("web01", "web02")]
    problems, recoveries = (
        [monitoring_report("zabbix@x.example", subject, text, by_program=False) for text in texts]
        for subject in subjects
    )
    names = [report and report.about for report in problems]
    assert [report and report.about for report in recoveries] == names
    assert len(set(names)) == 2


@pytest.mark.parametrize(
    "subject", ["OK: Disk space is low", "RECOVERY: eth0 is slow", "RESOLVED: no backup"]
)
def test_a_report_that_names_no_host_is_about_nothing_known(subject: str) -> None:
    report = monitoring_report(NAGIOS, subject, "It is over.", by_program=True)
    assert report is not None
    assert report.about is None


async def test_a_recovery_ends_no_incident_of_another_host(api: Api) -> None:
    tool = await a_mailbox(api, monitors=["@mon.example"])
    reports = [("PROBLEM", "Host: web01"), ("PROBLEM", "Host: web02"), ("OK", "Host: web02"), ("OK", "")]
    for n, (state, text) in enumerate(reports):
        mail = a_mail(NAGIOS, subject=f"{state}: Disk space is low", message_id=f"<{n}@m>", text=f"{text}\n")
        await deliver(tool, mail)
    assert [ticket["state"] for ticket in await tool.tickets()] == ["new", "resolved", "new"]


async def a_team(api: Api) -> str:
    """The key of a team that works on incidents."""
    await api.team("network")
    return "network"


async def test_forms_with_one_subject_of_two_customers_are_two_tickets(api: Api) -> None:
    tool = await a_mailbox(api)
    for n in range(2):
        form = a_report(
            "PROBLEM with my order",
            n,
            sender="noreply@shop.example",
            Reply_To=f"bob{n}@buyers.example",
            Precedence="junk",
        )
        await deliver(tool, form)
    assert len(await tool.tickets()) == 2
