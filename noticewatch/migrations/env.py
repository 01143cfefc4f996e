"""Alembic environment: runs on the connection that ``noticewatch.database.migrate`` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
