"""Themes as they were last seen, which the next look goes on from, and what was read in each text."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "themes",
        sa.Column("theme_id", sa.String(32), nullable=False),
        sa.Column("intent", sa.String(200), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mark", sa.JSON(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("origin", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("theme_id", name="pk_themes"),
    )
    op.create_index("ix_themes_last_on", "themes", ["last_on"])
    op.create_table(
        "readings",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_readings"),
    )
    op.create_index("ix_readings_at", "readings", ["at"])


def downgrade() -> None:
    for table in ("readings", "themes"):
        op.drop_table(table)
