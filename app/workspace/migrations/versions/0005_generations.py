"""What writers generated, and what people thought of it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "generations",
        sa.Column("generation_id", sa.String(32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("ticket_id", sa.String(200), nullable=False),
        sa.Column("merchant_id", sa.String(200), nullable=False),
        sa.Column("snapshot_id", sa.String(200), nullable=False),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("engine", sa.String(200), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("prompt_version", sa.String(64), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("inputs_sha256", sa.String(64), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("output_sha256", sa.String(64), nullable=False),
        sa.Column("output_key", sa.String(64), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.String(32)),
        sa.Column("draft_version", sa.Integer()),
        sa.Column("kept_share", sa.Double()),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.draft_id"], name="fk_generations_draft_id"),
        sa.PrimaryKeyConstraint("generation_id", name="pk_generations"),
    )
    op.create_index("ix_generations_at", "generations", ["at"])
    op.create_index("ix_generations_draft_id", "generations", ["draft_id"])
    op.create_table(
        "generation_votes",
        sa.Column("generation_id", sa.String(32), nullable=False),
        sa.Column("actor_id", sa.String(200), nullable=False),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["generation_id"], ["generations.generation_id"], name="fk_generation_votes_generation_id"
        ),
        sa.PrimaryKeyConstraint("generation_id", "actor_id", name="pk_generation_votes"),
    )


def downgrade() -> None:
    op.drop_table("generation_votes")
    op.drop_table("generations")
