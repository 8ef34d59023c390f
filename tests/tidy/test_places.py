"""What stands only in certain places, because somebody must be able to find all of it."""

from __future__ import annotations

import ast
import re

from tests.tidy.source import Source, application, fail_for, ours, sources

#: Who reads the clock. Everybody else is told what time it is.
CLOCK = {
    "app/api/authentication/auth.py": "when the request came, and whether its key has expired",
    "app/api/records/shapes.py": "what may be done with a record now",
    "app/cli/keys.py": "when a key that is made for some days will end",
    "app/cli/runtime.py": "when a command of the command line was given",
    "app/cli/webhook_samples.py": "of when a sample is",
    "app/cli/server/work.py": "when timers go off",
    "app/demo/history.py": "the demo's history ends today",
    "app/cli/server/demo_server.py": "the tools of the demo deliver as it is made",
    "app/demo/scripts/report_scripts.py": "the same of its reports",
}
CLOCK_READS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
LONGEST_LOOK = 0.02
#: Who may begin a transaction, and so end one.
TRANSACTIONS = {
    "app/cli/exports/process_logs.py": "one snapshot of log and facts, which writes nothing",
    "app/exchange/whole/export.py": "one snapshot of everything, which writes nothing",
    "app/exchange/whole/restore.py": "everything comes back into an empty installation, or nothing",
    "app/kpis/column_exports/exporting.py": "the noting of changed cases begins while nobody writes facts",
    "app/api/service/feed.py": "one snapshot of log and heads, which writes nothing",
    "app/relay/kafka_topic.py": "a transaction of Kafka, not of PostgreSQL",
    "app/attention/judging.py": "the periods of a KPI are replaced as a whole, beside the log",
    "app/api/service/readiness.py": "what needs room on the disk is tried, and leaves nothing",
    "app/foundation/calendars/spans.py": "the spans of a version are replaced as a whole",
    "app/foundation/surveys/box.py": "an answer and the use of its token, beside the log",
    "app/subscriptions/progress.py": "attempts, and how far a subscription has come by them, beside the log",
    "app/processes/changes/planning/bookings.py": "windows and bookings are made anew as a whole",
    "app/notifications/notices.py": "what is told together is settled before it is sent",
    "app/exchange/load.py": "a chunk of a history, with how far it got",
    "app/kernel/histories/rebuild.py": "one snapshot of log and rows, which writes nothing that stays",
    "app/kernel/histories/refold.py": "rows made anew beside the living ones, and exchanged",
    "app/log/remake.py": "facts made anew beside the living ones, and exchanged",
    "app/log/shadow_tables.py": "tables beside the living ones",
    "app/kernel/consumers/timers.py": "timers that go off, kept from other workers until they have",
    "app/kpis/answers/answer.py": "one snapshot, which writes nothing",
    "app/conformance/questions.py": "one snapshot, which writes nothing",
    "app/conformance/reconcile.py": "one snapshot of log and facts, which writes nothing",
    "app/kpis/facts/consumer.py": "shares of a span, each marked as unfinished by what commits it",
    "app/log/follow.py": "a projection and its checkpoint move together",
    "app/log/consumer_group.py": "what all consumers make of a batch, and their checkpoints",
    "app/log/heads.py": "a turn among the writers, for access lists of before",
    "app/log/writer.py": "the one way in: a batch that was refused, command by command",
    "app/automation/agreements/watch_clocks.py": "clocks that are due, kept from other workers",
    "app/service_levels/clocks/recomputation.py": "clocks computed anew piece by piece, with how far it got",
    "app/sealing/seal.py": "the hashes of the next events, and the head that is of them",
    "app/sealing/verify.py": "one snapshot, which writes nothing",
    "app/sealing/log_reader.py": "events that cannot be read, one by one",
    "migrations/env.py": "a migration and its number",
}
#: Where SQL may be written.
SQL = {
    "app/api/requests/request_keys.py": "what was done under a key; the row is the log's own",
    "app/common/records.py": "the table of a record, joined with those of its parts",
    "app/sealing/*": "hashes and heads of the log, which are no records, and all that they are of",
    "app/demo/scripts/improvement_steps.py": "the team of a rollout, whose members are examined",
    "app/relay/relaying.py": "the next events, in bytes that go at once, and the lease",
    "app/foundation/assignment/proposals.py": "whom assignment rules choose from",
    "app/foundation/rota/on_call.py": "what of a rota can count at an instant",
    "app/api/service/metrics.py": "the last comparison of KPIs",
    "app/api/service/integration_gauges.py": "counts of what waits, for a scrape",
    "app/api/listings/attachments.py": "one file of a record",
    "app/ticketing/routes/text_blocks.py": "the text blocks that are offered on a ticket",
    "app/ticketing/work/work_statements.py": "what is open and somebody's, in every process",
    "app/api/authentication/tickets.py": "tickets for the live stream, which are no records",
    "app/api/authentication/sessions.py": "sessions of browsers, which are no records",
    "app/ticketing/ticket_stubs.py": "what stands at the other ends of links",
    "app/api/records/child_rows.py": "one page of the rows beside a record",
    "app/api/records/expand.py": "records that others refer to",
    "app/api/listings/counting.py": "counts of several lists of records",
    "app/api/listings/list_columns.py": "chosen columns, which are no records",
    "app/api/listings/filters.py": "what stands in rows beside a record",
    "app/api/listings/paging.py": "one page of any record",
    "app/api/service/readiness.py": "whether the database takes a write",
    "app/api/authentication/key_use.py": "when keys were last used, which is no event",
    "app/api/listings/unknown_names.py": "whether a record has the name in a filter",
    "app/api/listings/views.py": "saved views, which are no records",
    "app/api/unknown_keys.py": "keys of services, items and categories alike, as the caller sees them",
    "app/foundation/calendars/queries.py": "what a calendar says stands beside it",
    "app/foundation/calendars/spans.py": "spans of business time, which follow from what is in the log",
    "app/foundation/calendars/calendar_cache.py": "what calendars say by their newest versions",
    "app/governance/documents/texts/excerpts.py": "texts of files, which are no records",
    "app/governance/documents/texts/file_texts.py": "the same",
    "app/governance/documents/register_print.py": "the register, on one page",
    "app/governance/documents/requestable.py": "documents that the caller does not see",
    "app/governance/documents/register.py": "one page of the documents of all records",
    "app/governance/*/queries.py": "what a register shows besides",
    "app/api/branding/lookups.py": "the branding that pages of everybody show",
    "app/demo/lookups.py": "records that commands of the demo have opened besides",
    "app/foundation/*/lookups.py": "what is asked of a package's tables before an action",
    "app/foundation/cis/compare.py": "histories of items between two positions",
    "app/foundation/cis/impact.py": "a walk along relations, level by level",
    "app/foundation/cis/dependencies.py": "the same walk against the direction of failure",
    "app/foundation/cis/queries.py": "what stands beside a configuration item",
    "app/foundation/discoveries/queries.py": "differences as they are listed, and lines that were refused",
    "app/foundation/services/queries.py": "who may see the agreements that promise something of a service",
    "app/foundation/cis/affected.py": "services that items serve, and their customers",
    "app/foundation/priorities/router.py": "which matrix is the present one",
    "app/processes/problems/recurrence.py": "incidents that recur, counted at once",
    "app/automation/incidents_and_problems/detect_recurring_incidents.py": "which candidates there are",
    "app/automation/governance/open_audits.py": "which teams have had cases of a process",
    "app/automation/decisions/deputise_voters.py": "what waits for the votes of somebody who names a deputy",
    "app/automation/decisions/void_people_questions.py": "open questions that name somebody who has left",
    "app/automation/decisions/recount_votes.py": "open votes of somebody whose account is deactivated",
    "app/foundation/decisions/earlier.py": "earlier questions about the same subject, of every kind",
    "app/foundation/decisions/approval_rules/electors.py": "whom approval rules name",
    "app/automation/decisions/take_up_at_meetings.py": "what waits for a group, and its next meeting",
    "app/attention/*": "what needs attention, of all kinds at once",
    "app/summaries/queries.py": "summaries, which are no records",
    "app/subscriptions/attempts.py": "attempts to deliver, which are no records",
    "app/subscriptions/formats/subjects.py": "number and title of a record of any kind",
    "app/subscriptions/queries.py": "the adapter of a source, by its key",
    "app/webhooks/write_back/queries.py": "tickets as their tools call them, and their comments",
    "app/subscriptions/progress.py": "how far subscriptions have come, which is no record",
    "app/subscriptions/selection.py": "fields of the records of events, of any kind",
    "app/subscriptions/sending.py": "which subscriptions are active, and what is sent again",
    "app/service_status/queries.py": "incidents and changes of all services at once",
    "app/meetings/queries.py": "what is talked about at a meeting",
    "app/foundation/people/queries.py": "what stands beside a person",
    "app/foundation/people/credentials/queries.py": "what stands for an account or a key, of every kind",
    "app/api/authentication/first_administrator.py": "whether an installation has people",
    "app/api/authentication/logins.py": "which groups of a sign-in are mapped",
    "app/scim/*": "users and groups as a provider pages and names them",
    "app/automation/programme/follow_group_mappings.py": "members of groups, with all groups that they have",
    "app/foundation/people/remains.py": "persons and titles of every kind, which erasing does not reach",
    "app/foundation/people/erase.py": "refused rows that name the person",
    "app/webhooks/two_way/pending_writes.py": "what is under way to tools, which is no record",
    "app/webhooks/effects/comment_files.py": "the files of a comment of a tool",
    "app/webhooks/effects/comments.py": "the comment that a tool tells of, if it is here",
    "app/webhooks/effects/names_in_clear.py": "events of earlier versions, counted at a migration",
    "app/cli/keys.py": "the list of keys, for people at the shell",
    "app/cli/doctor/*": "what the server says of itself, and counts that no page has",
    "app/foundation/surveys/box.py": "answers that wait encrypted beside the log",
    "app/governance/*/lookups.py": "what is asked of a register before an action",
    "app/processes/*/queries.py": "what can be asked of a process",
    "app/processes/*/lookups.py": "what is asked of a process before an action",
    "app/service_levels/*/queries.py": "what lists of agreements are narrowed by",
    "app/service_levels/*/lookups.py": "agreements with the same party",
    "app/service_levels/agreements/alignment.py": "what agreements rest on",
    "app/service_levels/agreements/agreement_sides.py": "which persons belong to which party",
    "app/foundation/documents/printing.py": "a document and its sections",
    "app/foundation/documents/decided.py": "decisions on a document, with their votes",
    "app/processes/improvement_plans/contributions.py": "effects of improvements, which are other records",
    "app/processes/improvements/documents/project_facts.py": "trainings of a project, other records",
    "app/processes/improvement_plans/progress.py": "the targets of a plan and their baselines",
    "app/processes/*/printing.py": "what stands beside a record in its documents",
    "app/service_levels/agreements/documents/printing.py": "what stands beside an agreement",
    "app/processes/improvements/effects/benefits.py": "whose benefits are due",
    "app/processes/improvements/effects/measuring.py": "target KPIs, their baselines, and what was judged",
    "app/processes/changes/planning/bookings.py": "what changes hold is compared and rebuilt by whole tables",
    "app/processes/improvement_suggestions/assessing_lookups.py": "what an open assessment has",
    "app/processes/changes/planning/lookups.py": "what freezes and assessments depend on",
    "app/ticketing/going_out_lookups.py": "what keeps a release, by rows of changes and freezes",
    "app/processes/changes/policies/queries.py": "what is scheduled in freezes",
    "app/notifications/queries.py": "titles of notices, with who may see what they are about",
    "app/notifications/*": "what waits to be told",
    "app/exchange/*": "histories are loaded by whole tables",
    "app/platform/db.py": "whether the database is at a statement",
    "app/kernel/*": "records, their keys and numbers",
    "app/kpis/*": "figures are SQL",
    "app/conformance/*": "so is how cases ran",
    "app/log/*": "the log",
    "app/automation/late_rows.py": "rows whose record is in a state in which they are pursued",
    "app/automation/governance/flag_ended_licences.py": "licences that no newer ones replace",
    "app/ticketing/projects/queries.py": "whether a report is overdue now",
    "app/automation/incidents_and_problems/follow_fixing_changes.py": "problems that a change is to fix",
    "app/automation/changes/fulfil_by_changes.py": "requests that ask for a change",
    "app/automation/changes/resume_after_change.py": "tickets that wait for a change",
    "app/processes/changes/cause_search.py": "changes and incidents near to one another",
    "app/automation/tickets/escalate_by_rule.py": "what is to come for many tickets, set by set",
    "app/automation/agreements/watch_clocks.py": "which clocks are due",
    "app/automation/tickets/ask_for_ratings.py": "who was asked in the week before",
    "app/automation/tickets/escalate_overdue_complaints.py": "complaints whose time is over",
    "app/ticketing/routes/decisions.py": "decisions on records of every kind, with their votes",
    "app/ticketing/routes/team_work.py": "what is open and a team's, in every process",
    "app/ticketing/routes/asked_actions.py": "what notices ask for, and who has done it since",
    "app/ticketing/routes/dated_duties.py": "steps and actions of records of several kinds, with their owner",
    "app/ticketing/routes/complaints.py": "complaints of tickets of every kind",
    "app/ticketing/routes/rating_page.py": "what a link rates, and whether it may",
    "app/service_levels/clocks/*": "rows of clocks are made by whole batches",
    "app/service_reports/*": "what a report is computed from",
    "app/demo/scripts/report_scripts.py": "which reports the demo has made already",
    "app/automation/agreements/escalate_by_sla.py": "which rules ask for what a clock says",
    "app/automation/*/suggest_after_*.py": "complaints, candidates and signals of one service",
    "app/automation/agreements/watch_supports.py": "agreements in force that rest on one that changes",
    "app/automation/agreements/note_unknown_causes.py": "which clocks have missed their targets",
    "app/processes/incidents/monitoring/known_alerts.py": "when alerts have cleared, beside the log",
    "app/processes/incidents/monitoring/quiet_alerts.py": "alerts in quiet windows, beside the log",
    "app/webhooks/effects/addresses.py": "whose address it is, by its fingerprint",
    "app/webhooks/intake/deliveries.py": "deliveries, which are no records",
    "app/webhooks/sources/lookup.py": "sources by their keys",
    "app/webhooks/effects/mails.py": "what a mail answers",
    "app/webhooks/effects/mail_tickets/threads.py": "what mails of one thread led to",
    "app/webhooks/effects/mail_tickets/alerts.py": "how many mails have joined an incident",
    "app/webhooks/effects/mail_recipients.py": "who sees what a mail answers",
    "app/webhooks/effects/known_tickets.py": "the ticket behind a tool's own, and who sees it",
    "app/webhooks/effects/mirrored/lookups.py": "the tags of a tool's ticket",
    "app/webhooks/effects/processing.py": "which sources have deliveries that wait",
    "app/webhooks/intake/receipt.py": "deliveries as they come",
    "app/webhooks/effects/heard_alerts.py": "what was heard last of alerts",
    "app/webhooks/sources/silence.py": "how often deliveries of a source come",
    "app/search/*": "the index is a table",
    "app/platform/backup/base_backup.py": "which database a backup is of",
    "app/platform/backup/restoring.py": "how far a restore has come",
    "app/platform/schema.py": "the schema itself",
    "app/platform/schema_dump.py": "the schema itself",
}
SQL_TEXT = re.compile(
    r"\b(select\s+([\w.*(]|\Z)|insert\s+into\s|delete\s+from\s|with\s+\w+\s+as\s*\("
    r"|update\s+[\w.]+\s+(as\s+\w+\s+)?set\s)"
)
#: Who changes a state: the kernel, by the table. A decision is a row beside a record, with no table.
STATES = {
    "app/common/state_fields.py",
    "app/foundation/decisions/closing.py",
    "app/foundation/documents/filing.py",
    # As is a document's entry in the register, and a version of a document.
    "app/foundation/documents/keeping/actions.py",
    "app/governance/documents/lifecycle.py",
}


def _places(patterns: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(pattern).replace(r"\*", ".*") for pattern in patterns))


def test_only_the_edges_read_the_clock() -> None:
    readers = {source.name for source in application() for call, _ in source.calls() if call in CLOCK_READS}
    fail_for(
        readers - CLOCK.keys(), "Take the time as an argument. If it must be read there, CLOCK says why."
    )
    fail_for(CLOCK.keys() - readers, "It does not read the clock any more: strike it from CLOCK.")


def test_only_the_log_and_what_reads_snapshots_begin_transactions() -> None:
    begin = {
        s.name for s in application() for call, _ in s.calls() if call.endswith((".transaction", ".begin"))
    }
    advice = "Writes go through perform. If it must begin a transaction, TRANSACTIONS says why."
    fail_for(begin - TRANSACTIONS.keys(), advice)
    commit = {s.name for s in application() for call, _ in s.calls() if call.endswith(".commit")}
    commit -= {"migrations/env.py", "app/exchange/writers/ocel_tables.py"}  # the latter to a file of SQLite
    fail_for(commit, "The writer commits, and nobody else: hand it an AppendRequest.")


def test_sql_is_written_where_it_belongs() -> None:
    allowed = _places(SQL)
    places = {
        source.name
        for source in sources("app")
        for text in source.constants()
        if SQL_TEXT.search(text) and not allowed.fullmatch(source.name)
    }
    fail_for(places, "SQL stands in queries.py or lookups.py. If it must be there, SQL says why.")


def test_every_place_for_sql_has_some() -> None:
    """An exception that is none any more is struck."""
    with_sql = {s.name for s in sources("app") for text in s.constants() if SQL_TEXT.search(text)}
    unused = [p for p in SQL if "*" not in p and p not in with_sql]
    fail_for(unused, "There is no SQL there any more: strike it from SQL.")


def test_a_state_is_set_by_the_table_and_by_nothing_else() -> None:
    setting = {source.name for source in sources("app") if _sets_a_state(source)}
    fail_for(setting - STATES, "A state is set by a row of the lifecycle's table, never by assignment.")


def _sets_a_state(source: Source) -> bool:
    """Whether it assigns to `.state`, or sets the attribute of that name."""
    targets = (t for n in source.nodes(ast.Assign) for t in n.targets)
    assigned = any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets)
    return assigned or re.search(r'setattr\(\w+, "state"', source.text) is not None


def test_what_is_written_to_the_log_is_put_together_in_few_places() -> None:
    """What a tool tells of its tickets is observed, as in an import."""
    observed = {"app/webhooks/effects/identities.py", "app/webhooks/effects/mirror.py"}
    clocks = {"app/automation/agreements/watch_clocks.py"}  # which say what follows, and are no commands
    makers = {
        source.name for source in sources("app") for call, _ in source.calls() if call == "AppendRequest"
    }
    makers -= {"app/kernel/commands/append_requests.py"} | observed | clocks
    makers -= {source.name for source in sources("app/exchange")}
    fail_for(makers, "Nothing else appends to the log: perform an action of a lifecycle instead.")


def test_nobody_prints_but_the_command_line() -> None:
    printing = [
        f"{s.name}:{line}"
        for s in application()
        for call, line in s.calls()
        if call == "print" and s.name != "app/sealing/check_proof.py"  # a program of its own
    ]
    fail_for(printing, "Only the command line prints: log it (structlog), or return it.")
    consoles = {s.name.split("/")[1] for s in sources("app") for call, _ in s.calls() if call == "Console"}
    fail_for(consoles - {"cli"}, "Only the command line prints.")


def test_no_test_sleeps_until_something_is_surely_over() -> None:
    """It looks for it (tests/waiting.py). A moment by chance, to mix what is going on, is another thing."""
    sleepers = [
        f"{source.name}:{node.lineno}"
        for source in sources("tests")
        if "sleep" in source.text
        for node in source.nodes(ast.Call)
        if ast.unparse(node.func).rpartition(".")[2] == "sleep"
        and isinstance(node.args[0], ast.Constant)
        and float(str(node.args[0].value)) > LONGEST_LOOK
    ]
    fail_for(sleepers, "Look for what is waited for with tests/waiting.py `until`, instead of sleeping.")


def test_who_looks_for_locks_looks_in_one_database() -> None:
    """Databases of several tests share a server, and the tables of copies have the same numbers."""
    looks = re.compile(r"\bfrom\s+pg_locks\b")
    strays = [
        f"{source.name}: {text.strip()}"
        for source in (*ours(), *sources("bench"))
        for text in source.constants()
        if looks.search(text) and "database" not in text
    ]
    fail_for(strays, "Name the database: `join pg_database d on d.oid = l.database` and whose it is.")


def test_a_remark_that_silences_a_tool_names_its_rule_and_says_why() -> None:
    silences = re.compile(r"#\s*(type:\s*ignore|noqa|pyright:|mypy:|ruff:|pragma:)")
    well = re.compile(r"# type: ignore\[[\w, -]+\]  # \S.*|# noqa: [A-Z0-9, ]+( - |  # )\S.*")
    bare = [
        f"{source.name}:{line}: {remark}"
        for source in ours()
        if silences.search(source.text)
        for line, remark in source.remarks()
        if silences.match(remark) and not well.fullmatch(remark)
    ]
    fail_for(bare, "Name the rule that is silenced, and say why behind it: `# noqa: S105  # no password`.")


#: The records that the kernel and the search work with. Every other one stands beside its lifecycle.
COMMON_RECORDS = {
    "Person",
    "Attachment",
    "ExternalReference",
    "Follower",
    "Onlooker",
    "CustomField",
    "PriorityMatrix",
}


def test_a_record_stands_beside_its_lifecycle() -> None:
    records = {
        (source.name, node.name)
        for source in sources("app")
        for node in source.nodes(ast.ClassDef)
        if any(ast.unparse(base) in ("Record", "ChildRecord", "Ticket") for base in node.bases)
        and _has_kind(node)
    }
    assert len(records) > len(COMMON_RECORDS)
    assert {name for file, name in records if file.startswith("app/common/")} == COMMON_RECORDS
    elsewhere = {file for file, _ in records if not file.startswith("app/common/")}
    strays = [file for file in elsewhere if not file.endswith("/records.py")]
    fail_for(strays, "A record stands in records.py of the package whose lifecycle it belongs to.")


def _has_kind(node: ast.ClassDef) -> bool:
    """Say whether the class names its kind, as every record with a table does."""
    return any(ast.unparse(part).startswith("KIND: ClassVar[str] = ") for part in node.body)
