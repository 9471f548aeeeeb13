"""Who put a saved thing into the archive, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("documents", sa.Column("archived_at", sa.DateTime(timezone=True)))
    op.add_column("documents", sa.Column("archived_by", sa.String(200)))


def downgrade() -> None:
    op.drop_column("documents", "archived_by")
    op.drop_column("documents", "archived_at")
