"""What crawls have listed, so that a notice which its source no longer lists is known for one.

Filled from the ledger of the crawls so far. SAM.gov's archive years (scope ``archive``) list nothing and stay out.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_KEYS = """
INSERT INTO window_keys (number, source, scope, "key")
SELECT row_number() OVER (ORDER BY source, scope, "key"), source, scope, "key" FROM (
    SELECT DISTINCT runs.source AS source, windows.scope AS scope, windows."key" AS "key"
    FROM windows JOIN runs ON runs.number = windows.run
    WHERE windows.state = 'appended' AND windows.scope <> 'archive' AND runs.kind IN ('crawl', 'replay', 'accept')
) AS walked
"""
_CAPTURES = """
INSERT INTO key_captures (capture, "key", at)
SELECT DISTINCT captures.number, window_keys.number, captures.fetched_at
FROM windows JOIN runs ON runs.number = windows.run
JOIN window_keys ON window_keys.source = runs.source AND window_keys.scope = windows.scope
    AND window_keys."key" = windows."key"
JOIN requests ON requests."window" = windows.number JOIN captures ON captures.number = requests.capture
WHERE windows.state = 'appended' AND runs.kind IN ('crawl', 'replay', 'accept')
    AND requests.state = 'answered' AND requests.purpose <> 'count' AND captures.status <> 304
"""
_WALKS = """
INSERT INTO key_walks ("key", at)
SELECT DISTINCT "key", at FROM (
    SELECT window_keys.number AS "key", min(captures.fetched_at) AS at
    FROM windows JOIN runs ON runs.number = windows.run
    JOIN window_keys ON window_keys.source = runs.source AND window_keys.scope = windows.scope
        AND window_keys."key" = windows."key"
    JOIN requests ON requests."window" = windows.number JOIN captures ON captures.number = requests.capture
    WHERE windows.state = 'appended' AND windows.verdict = 'complete' AND runs.kind IN ('crawl', 'replay', 'accept')
        AND requests.state = 'answered' AND requests.purpose <> 'count' AND captures.status <> 304
    GROUP BY windows.number, window_keys.number
) AS walked
"""


FILLED = (_KEYS, _CAPTURES, _WALKS)
"""Statements that fill the new tables from the ledger, in order."""


def upgrade() -> None:
    op.create_table(
        "window_keys",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("settled", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("source", "scope", "key"),
    )
    op.create_table(
        "key_captures",
        sa.Column("capture", sa.Integer(), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["capture"], ["captures.number"]),
        sa.ForeignKeyConstraint(["key"], ["window_keys.number"]),
        sa.PrimaryKeyConstraint("capture", "key"),
    )
    op.create_index("key_captures_by_key", "key_captures", ["key", "at"])
    op.create_table(
        "key_walks",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["window_keys.number"]),
        sa.PrimaryKeyConstraint("key", "at"),
    )
    op.create_table(
        "hidden_sightings",
        sa.Column("record", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("capture", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["capture"], ["captures.number"]),
        sa.ForeignKeyConstraint(["record"], ["records.number"]),
        sa.PrimaryKeyConstraint("record"),
    )
    op.create_index("hidden_sightings_by_capture", "hidden_sightings", ["capture"])
    op.create_table(
        "undecided",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["window_keys.number"]),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("key", "notice"),
    )
    op.create_table(
        "departures",
        sa.Column("notice", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("listing", sa.String(), nullable=False),
        sa.Column("key", sa.Integer()),
        sa.Column("since", sa.String()),
        sa.Column("as_of", sa.String(), nullable=False),
        sa.Column("said_at", sa.String()),
        sa.ForeignKeyConstraint(["key"], ["window_keys.number"]),
        sa.ForeignKeyConstraint(["notice"], ["notices.number"]),
        sa.PrimaryKeyConstraint("notice"),
    )
    op.create_index("departures_by_register", "departures", ["register"])
    for statement in FILLED:
        op.execute(statement)
