"""Texts proposed for articles and macros, and what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "knowledge_proposals",
        sa.Column("proposal_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("item_id", sa.String(200), nullable=False),
        sa.Column("base_edition", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer()),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(200)),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("is_alone", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", name="pk_knowledge_proposals"),
        sa.UniqueConstraint("kind", "item_id", "edition", name="uq_knowledge_proposals_kind"),
    )
    op.create_index("ix_knowledge_proposals_status", "knowledge_proposals", ["status"])
    op.create_table(
        "knowledge_texts",
        sa.Column("proposal_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.String(200), nullable=False),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", "version", name="pk_knowledge_texts"),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["knowledge_proposals.proposal_id"], name="fk_knowledge_texts_proposal_id"
        ),
    )


def downgrade() -> None:
    for table in ("knowledge_texts", "knowledge_proposals"):
        op.drop_table(table)
