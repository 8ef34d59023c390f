"""The name, the logo and the colour of the installation."""

from alembic import op

revision = "1190"
down_revision = "1189"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        """create table fold.branding (
             id uuid primary key,
             version integer not null,
             changed_at timestamptz not null,
             state text collate "C" not null,
             name text not null,
             colour text collate "C" not null,
             logo_id uuid,
             set_at timestamptz not null,
             appended_at timestamptz
           )"""
    )
    op.execute("create index branding_set on fold.branding (set_at desc, id desc)")
