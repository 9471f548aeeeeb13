"""Conversations with the answering machine, and what it decided on which message."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("merchant_id", sa.String(200), nullable=False),
        sa.Column("last_author", sa.String(20), nullable=False),
        sa.Column("handed_over_at", INSTANT),
        sa.Column("score", sa.Integer()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_handed_over_at", "conversations", ["handed_over_at"])
    op.create_table(
        "conversation_turns",
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sentences", sa.JSON(), nullable=False),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "n", name="pk_conversation_turns"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.conversation_id"], name="fk_conversation_turns_conversation_id"
        ),
    )
    op.create_table(
        "answers",
        sa.Column("answer_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.String(200), nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("merchant_id", sa.String(200), nullable=False),
        sa.Column("asked_at", INSTANT),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("engine", sa.String(200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.String(32)),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("answer_id", name="pk_answers"),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.draft_id"], name="fk_answers_draft_id"),
        sa.UniqueConstraint("kind", "subject_id", "message_id", name="uq_answers_kind"),
    )
    op.create_index("ix_answers_at", "answers", ["at"])


def downgrade() -> None:
    for table in ("answers", "conversation_turns", "conversations"):
        op.drop_table(table)
