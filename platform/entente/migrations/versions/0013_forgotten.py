"""People who were forgotten, and the names that public registers keep."""

import sqlalchemy as sa
from alembic import op

import entente.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("forgotten_at", entente.db.Moment(timezone=True), nullable=True))
    op.create_table(
        "piste_sitter",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=161), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
