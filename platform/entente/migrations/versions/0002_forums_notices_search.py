"""The forums as a club, notices, and a search over everything."""

import sqlalchemy as sa
from alembic import op

import entente.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("is_head", sa.Boolean(), nullable=False),
        sa.Column("title_terms", sa.String(), nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subject_id", "subject_kind", name="search_document_subject"),
    )
    op.create_table(
        "search_state",
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("analysis", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=True),
        sa.Column("done_at", entente.db.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject_kind"),
    )
    op.create_table(
        "draft",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about", entente.db.Word(length=30), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("saved_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", entente.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "id"),
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index("draft_place", ["person_id", "about", "place_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_draft_saved_at"), ["saved_at"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("read_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("mailed_at", entente.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "subject", name="notice_once"),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("notice_about", ["about", "person_id"], unique=False)
        batch_op.create_index("notice_of_person", ["person_id", "at", "id"], unique=False)
        batch_op.create_index("notice_subject", ["subject"], unique=False)
        batch_op.create_index(
            "notice_unread",
            ["person_id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )

    op.create_table(
        "postbag",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("mailed_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("digest_at", entente.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "silence",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "about"),
    )
    op.create_table(
        "atom_address",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("forum_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["forum_id"],
            ["forum.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    with op.batch_alter_table("atom_address", schema=None) as batch_op:
        batch_op.create_index(
            "atom_address_all",
            ["person_id"],
            unique=True,
            postgresql_where=sa.text("forum_id IS NULL"),
            sqlite_where=sa.text("forum_id IS NULL"),
        )
        batch_op.create_index("atom_address_forum", ["person_id", "forum_id"], unique=True)

    op.create_table(
        "forum_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("forum_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("changed_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("removed_at", entente.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["forum_id"],
            ["forum.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("forum_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_forum_document_forum_id"), ["forum_id"], unique=False)

    op.create_table(
        "forum_follow",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("forum_id", sa.Uuid(), nullable=False),
        sa.Column("level", entente.db.Word(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["forum_id"],
            ["forum.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "forum_id"),
    )
    with op.batch_alter_table("forum_follow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_forum_follow_forum_id"), ["forum_id"], unique=False)

    op.create_table(
        "forum_tag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("forum_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["forum_id"],
            ["forum.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("forum_id", "slug", name="forum_tag_slug"),
    )
    op.create_table(
        "announcement",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("is_mandatory", sa.Boolean(), nullable=False),
        sa.Column("due_at", entente.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
        ),
        sa.PrimaryKeyConstraint("thread_id"),
    )
    op.create_table(
        "forum_document_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("changes", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kept", sa.String(length=60), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["forum_document.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("document_id", "number"),
        sa.UniqueConstraint("kept"),
    )
    with op.batch_alter_table("forum_document_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_forum_document_version_author_id"), ["author_id"], unique=False)

    op.create_table(
        "purchase",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("need", sa.String(length=500), nullable=False),
        sa.Column("deadline", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("closed_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
        ),
        sa.PrimaryKeyConstraint("thread_id"),
    )
    op.create_table(
        "thread_follow",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("level", entente.db.Word(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "thread_id"),
    )
    with op.batch_alter_table("thread_follow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_thread_follow_thread_id"), ["thread_id"], unique=False)

    op.create_table(
        "thread_tag",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tag_id"],
            ["forum_tag.id"],
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
        ),
        sa.PrimaryKeyConstraint("thread_id", "tag_id"),
    )
    with op.batch_alter_table("thread_tag", schema=None) as batch_op:
        batch_op.create_index("thread_tag_by_tag", ["tag_id", "thread_id"], unique=False)

    op.create_table(
        "accepted_answer",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
        ),
        sa.PrimaryKeyConstraint("thread_id"),
        sa.UniqueConstraint("post_id"),
    )
    op.create_table(
        "acknowledgement",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["announcement.thread_id"],
        ),
        sa.PrimaryKeyConstraint("thread_id", "person_id"),
    )
    with op.batch_alter_table("acknowledgement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_acknowledgement_person_id"), ["person_id"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("context", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kept", sa.String(length=60), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("removed_at", entente.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kept"),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index("attachment_of_owner", ["owner_id", "context"], unique=False)
        batch_op.create_index("attachment_of_post", ["post_id"], unique=False)
        batch_op.create_index(
            "attachment_to_tidy",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("post_id IS NULL OR removed_at IS NOT NULL"),
            postgresql_where=sa.text("post_id IS NULL OR removed_at IS NOT NULL"),
        )

    op.create_table(
        "mention",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", entente.db.Word(length=30), nullable=False, server_default="discussion"),
        sa.Column("called_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.PrimaryKeyConstraint("post_id", "person_id"),
    )
    with op.batch_alter_table("mention", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mention_person_id"), ["person_id"], unique=False)

    op.create_table(
        "mention_handle",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.String(length=160), nullable=False),
        sa.Column("kind", entente.db.Word(length=30), nullable=False, server_default="discussion"),
        sa.Column("called_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.PrimaryKeyConstraint("post_id", "handle"),
    )
    op.create_table(
        "post_hiding",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("moderator_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["moderator_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.PrimaryKeyConstraint("post_id"),
    )
    op.create_table(
        "post_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("forum_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("ground", entente.db.Word(length=30), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("settled_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", entente.db.Word(length=30), nullable=True),
        sa.ForeignKeyConstraint(
            ["forum_id"],
            ["forum.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("post_id", "person_id", name="post_report_once"),
    )
    with op.batch_alter_table("post_report", schema=None) as batch_op:
        batch_op.create_index(
            "post_report_open",
            ["forum_id"],
            unique=False,
            postgresql_where=sa.text("settled_at IS NULL"),
            sqlite_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "post_revision",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.PrimaryKeyConstraint("post_id", "version"),
    )
    op.create_table(
        "purchase_answer",
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stance", entente.db.Word(length=30), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["purchase.thread_id"],
        ),
        sa.PrimaryKeyConstraint("purchase_id", "organisation_id"),
    )
    op.create_table(
        "purchase_lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("thousandths", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["purchase.thread_id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("purchase_lot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_purchase_lot_purchase_id"), ["purchase_id"], unique=False)

    op.create_table(
        "reaction",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("sign", entente.db.Word(length=30), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.PrimaryKeyConstraint("post_id", "sign", "person_id"),
    )
    with op.batch_alter_table("reaction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reaction_person_id"), ["person_id"], unique=False)

    op.create_table(
        "purchase_quantity",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("thousandths", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("thousandths > 0 AND thousandths <= 10000000000", name="quantity_bounds"),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["purchase_lot.id"],
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id", "organisation_id"],
            ["purchase_answer.purchase_id", "purchase_answer.organisation_id"],
            name="quantity_of_answer",
        ),
        sa.PrimaryKeyConstraint("lot_id", "organisation_id"),
    )
    with op.batch_alter_table("purchase_quantity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_purchase_quantity_purchase_id"), ["purchase_id"], unique=False)

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hides_presence", sa.Boolean(), nullable=False, server_default="0"))

    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.add_column(sa.Column("look", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("hidden_at", entente.db.Moment(timezone=True), nullable=True))

    with op.batch_alter_table("read_mark", schema=None) as batch_op:
        batch_op.add_column(sa.Column("written_at", entente.db.Moment(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("held_at", entente.db.Moment(timezone=True), nullable=True))

    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", entente.db.Word(length=30), nullable=False, server_default="discussion"))
        batch_op.add_column(sa.Column("closed_reason", sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column("pinned_until", entente.db.Moment(timezone=True), nullable=True))
        batch_op.create_index(
            "thread_pinned",
            ["forum_id", "pinned_until"],
            unique=False,
            postgresql_where=sa.text("pinned_until IS NOT NULL"),
            sqlite_where=sa.text("pinned_until IS NOT NULL"),
        )
    # In one statement, which both homes understand: SQLite adds no constraint to a column that is there already.
    op.execute(
        "ALTER TABLE forum ADD COLUMN function VARCHAR(30) "
        "CONSTRAINT forum_function CHECK ((reading = 'function') = (function IS NOT NULL))"
    )
    # Search: PostgreSQL has a column of lexemes, SQLite a table of FTS5 that triggers keep in step with the documents.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_words USING fts5(title_terms, terms, content='search_document', "
            "content_rowid='id', tokenize='ascii', detail='none')"
        )
        leave = (
            "INSERT INTO search_words (search_words, rowid, title_terms, terms) "
            "VALUES ('delete', old.id, old.title_terms, old.terms);"
        )
        come = "INSERT INTO search_words (rowid, title_terms, terms) VALUES (new.id, new.title_terms, new.terms);"
        for act, what in (("INSERT", come), ("DELETE", leave), ("UPDATE OF title_terms, terms", leave + come)):
            name = f"search_words_{act.partition(' ')[0].lower()}"
            op.execute(f"CREATE TRIGGER {name} AFTER {act} ON search_document BEGIN {what} END")
    else:
        op.execute(
            "ALTER TABLE search_document ADD COLUMN search_lexemes tsvector GENERATED ALWAYS AS "
            "(array_to_tsvector(string_to_array(btrim(title_terms || ' ' || terms), ' '))) STORED"
        )
        op.execute("CREATE INDEX search_document_lexemes ON search_document USING gin (search_lexemes)")
