"""The database: the engine, migrations, and the embedded PostgreSQL."""
