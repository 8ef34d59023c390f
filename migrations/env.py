"""Runs the migrations: forward-only, locked against each other, not importing the application."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

LOCK = 7_226_540_153  # any fixed number: two migrations at once wait for each other
# Whatever the migrations have done to a table that the log writes rows to, its function knows every column.
TAKE_ROWS = """
select log.takes_rows(format('%s.%s', schemaname, tablename)) from pg_tables
where schemaname = 'fold' or (schemaname, tablename) in (('vault', 'personal_key'), ('vault', 'known_as'))
order by schemaname, tablename"""
#: Each migration that was applied, and whether it only adds: an older program reads it.
NOTE_CHANGE = """
insert into plumbing.schema_change (revision, adds_only) values (:revision, :adds_only)
on conflict (revision) do update set adds_only = excluded.adds_only"""
LOCK_TIMEOUT = "5s"  # a migration that waits for a busy table gives up before it stops all writers


def run(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.execute(text("create schema if not exists plumbing"))
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    applied: list[str] = []
    context.configure(
        connection=connection,
        version_table="migration",
        version_table_schema="plumbing",
        on_version_apply=lambda step, **_: applied.extend(step.up_revision_ids),
    )
    with context.begin_transaction():
        context.run_migrations()
        note_changes(connection, applied)
        connection.execute(text(TAKE_ROWS))
        grants = context.config.attributes.get("grants")
        if grants is not None:
            connection.connection.cursor().execute(grants)


def note_changes(connection: Connection, revisions: list[str]) -> None:
    """Note of each migration whether it only adds, as soon as there is a table for it."""
    if connection.execute(text("select to_regclass('plumbing.schema_change')")).scalar() is None:
        return
    for revision in revisions:
        module = context.script.get_revision(revision).module
        adds_only = getattr(module, "ADDS_ONLY", False)
        connection.execute(text(NOTE_CHANGE), {"revision": revision, "adds_only": adds_only})


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: set LEDGERDESK_OWNER_URL or use the embedded one.")
else:
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
    else:
        engine = create_engine(context.config.get_main_option("sqlalchemy.url", ""), poolclass=pool.NullPool)
        with engine.connect() as own:
            run(own)
