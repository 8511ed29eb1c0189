"""The migrations: what Alembic runs, dated, one after another."""
