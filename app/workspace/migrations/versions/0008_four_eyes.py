"""Who signed a draft that decides over money and who wrote each of its texts, and how often a chat has tried to show whose shop it is."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("drafts", sa.Column("signed_by_id", sa.String(200)))
    op.add_column("drafts", sa.Column("signed_by", sa.String(200)))
    # Empty for texts of before: nobody counts as their writer, so that two people look at one that decides over money.
    op.add_column("draft_revisions", sa.Column("actor_id", sa.String(200), nullable=False, server_default=""))
    op.add_column("conversations", sa.Column("tried_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("tried_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("conversations", "tried_at")
    op.drop_column("conversations", "tried_count")
    op.drop_column("draft_revisions", "actor_id")
    op.drop_column("drafts", "signed_by")
    op.drop_column("drafts", "signed_by_id")
