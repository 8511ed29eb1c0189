"""What Alembic calls: runs the migrations on the connection that `flowo.db.migrate` made and locked."""

import importlib

from alembic import context

from flowo.db.base import Base

# By name, since the database's package is below those that define the tables.
for module in ("flowo.accounts.models", "flowo.runs.models"):
    importlib.import_module(module)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
