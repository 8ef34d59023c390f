"""Runs the migrations: forward-only, locked against each other, not importing the application."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

LOCK = 7_226_540_153  # any fixed number: two migrations at once wait for each other
# Whatever the migrations have done to a table that the log writes rows to, its function knows every column.
TAKE_ROWS = """
select log.takes_rows(format('%s.%s', schemaname, tablename)) from pg_tables
where schemaname = 'fold' or (schemaname, tablename) in (('vault', 'personal_key'), ('vault', 'known_as'))
order by schemaname, tablename"""
LOCK_TIMEOUT = "5s"  # a migration that waits for a busy table gives up before it stops all writers


def run(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.execute(text("create schema if not exists plumbing"))
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    context.configure(connection=connection, version_table="migration", version_table_schema="plumbing")
    with context.begin_transaction():
        context.run_migrations()
        connection.execute(text(TAKE_ROWS))
        grants = context.config.attributes.get("grants")
        if grants is not None:
            connection.connection.cursor().execute(grants)


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
