"""When requests were delivered for the last time, so that a running month is compared at equal age."""

from alembic import op

revision = "1196"
down_revision = "1190"
branch_labels = None
depends_on = None

ADDS_ONLY = True

REQUEST = (
    "case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, {path}, "
    "excluded, irregular, position, opened_position, settled, {ended}, ended_at"
)


def upgrade() -> None:
    op.execute("alter table kpi.request_opened add column ended_at timestamptz")
    requests = REQUEST.format(path="path, catalogue_item", ended="ended")
    incidents = REQUEST.format(
        path="null::text as path, null::text as catalogue_item", ended="ended_at is not null as ended"
    )
    op.execute(f"""
create or replace view kpi.request_received as
select {requests} from kpi.request_opened
union all
select {incidents} from kpi.incident_opened""")
