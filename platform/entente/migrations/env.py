"""Runs Alembic's steps over the connection that `entente.schema` hands over."""

from alembic import context

from entente.schema import METADATA, is_modelled

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    include_name=is_modelled,
)
with context.begin_transaction():
    context.run_migrations()
