"""Tables of the archive. Times are ISO 8601 text in UTC, JSON is canonical text; money stands only inside contents."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from noticewatch.database import BIG, metadata

meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts about the log as a whole. ``epoch``: UUID, new after a restore; part of index names and cursors."""

runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("source", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("ended_at", String),
    Column("date_from", String),
    Column("date_to", String),
    Column("verdict", String),
    Column("reasons", Text, nullable=False, server_default="[]"),
    Column("findings", Text, nullable=False, server_default="[]"),
    Column("progress", Text),
    Column("process", Integer),
)
Index("runs_by_source", runs.c.source, runs.c.number)

windows = Table(
    "windows",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("run", ForeignKey("runs.number"), nullable=False),
    Column("scope", String, nullable=False),
    Column("key", String, nullable=False),
    Column("begins", String),
    Column("ends", String),
    Column("state", String, nullable=False),
    Column("verdict", String),
    Column("reasons", Text, nullable=False, server_default="[]"),
    Column("expected", Integer),
    Column("rows", Integer),
    Column("distinct_rows", Integer),
    Column("fresh_records", Integer),
    Column("walked", Boolean, nullable=False, server_default=false()),
    Column("quiet", Boolean),
    Column("facts", Text),
    Column("parts", Integer),
    Column("released_by", Integer),
    UniqueConstraint("run", "scope", "key"),
    CheckConstraint("state IN ('planned','fetched','held','appended')", name="window_state"),
)
"""``facts``: what beside its requests a window was judged by, JSON; its verdict follows from both alone.
``parts``: into how many narrower windows it was split; ``released_by``: number of the run that appended it after it
was held."""

requests = Table(
    "requests",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("window", ForeignKey("windows.number"), nullable=False),
    Column("purpose", String, nullable=False),
    Column("page", Integer),
    Column("method", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("status", Integer),
    Column("capture", ForeignKey("captures.number")),
    Column("rows", Integer),
    Column("problem", Text),
    Column("optional", Boolean, nullable=False, server_default=false()),
    Column("blocked", Boolean, nullable=False, server_default=false()),
    CheckConstraint("state IN ('planned','answered','failed','not_recorded')", name="request_state"),
)
Index("requests_by_window", requests.c.window)

scopes = Table(
    "scopes",
    metadata,
    Column("source", String, primary_key=True),
    Column("scope", String, primary_key=True),
    Column("opened_by", ForeignKey("runs.number"), nullable=False),
    Column("born_open_from", String, nullable=False),
)
"""Open scopes: windows that begin on or after ``born_open_from`` are open from birth."""

walked_windows = Table(
    "walked_windows",
    metadata,
    Column("source", String, primary_key=True),
    Column("scope", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("run", ForeignKey("runs.number"), nullable=False),
)
"""Windows walked to the end by a crawl, with the run that did so first."""

crawl_locks = Table(
    "crawl_locks",
    metadata,
    Column("source", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("host", String, nullable=False),
    Column("process", Integer, nullable=False),
    Column("acquired_at", String, nullable=False),
    Column("renewed_at", String, nullable=False),
)
"""Who crawls a source at the moment, on whatever machine. A lease that is not renewed is over."""

hosts = Table(
    "hosts",
    metadata,
    Column("host", String, primary_key=True),
    Column("asked_at", String),
    Column("delay", Float),
    Column("rests_until", String),
)
"""When a host was last asked by any crawl, the seconds that crawl keeps between requests, and until when the host wants
to be left alone."""

host_requests = Table(
    "host_requests",
    metadata,
    Column("host", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("under_way", Integer, nullable=False),
)
"""Requests to a host that a source's crawl waits for, as long as ``owner`` holds the source's lock."""

quotas = Table(
    "quotas",
    metadata,
    Column("source", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("used", Integer, nullable=False),
    Column("spent_until", String),
)
"""Calls sent to a source by UTC day; ``spent_until``: the source itself said that it answers again from then on."""

validators = Table(
    "validators",
    metadata,
    Column("source", String, primary_key=True),
    Column("url", String, primary_key=True),
    Column("etag", String),
    Column("last_modified", String),
    Column("capture", ForeignKey("captures.number"), nullable=False),
)
"""By what a source may be asked whether a file has changed since the capture that was appended last."""

captures = Table(
    "captures",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("source", String, nullable=False),
    Column("run", ForeignKey("runs.number"), nullable=False),
    Column("method", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("request_body", Text),
    Column("status", Integer, nullable=False),
    Column("media_type", String),
    Column("fetched_at", String, nullable=False),
    Column("payload_sha256", String, nullable=False),
    Column("payload_length", BIG, nullable=False),
    Column("origin", String, nullable=False),
    Column("recorder", Text, nullable=False),
    Column("note", Text),
    Column("gaps", Text, nullable=False, server_default="[]"),
    Column("warc_file", String, nullable=False),
    Column("warc_offset", BIG, nullable=False),
    Column("warc_length", BIG, nullable=False),
    Column("payload_file", String),
    Column("payload_offset", BIG),
    Column("thinned_at", String),
)
"""``payload_file``, ``payload_offset``: where the record stands that holds the payload, of a capture whose own record
only refers to it; ``thinned_at``: when all but some rows of the payload were given up (archive/thinning.py)."""
Index("captures_by_payload", captures.c.payload_sha256)
Index("captures_by_source", captures.c.source, captures.c.fetched_at)
Index("captures_by_file", captures.c.warc_file, captures.c.warc_offset)

notices = Table(
    "notices",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("register", String, nullable=False),
    Column("current_version", Integer, nullable=False),
    Column("versions", Integer, nullable=False),
    Column("first_seen", String, nullable=False),
    Column("first_seen_seq", BIG, nullable=False),
    Column("listing", String, nullable=False, server_default="listed"),
    Column("chain_key", String),
    Column("leads_to", Integer),
)
"""``leads_to``: number of the notice that a regrouping has given all records of this one; it keeps its id, its versions
and its events, and everything else of it is that notice's."""
Index(
    "notices_by_chain",
    notices.c.chain_key,
    sqlite_where=notices.c.chain_key.is_not(None),
    postgresql_where=notices.c.chain_key.is_not(None),
)

aliases = Table(
    "aliases",
    metadata,
    Column("number", String, primary_key=True),
    Column("register", String, primary_key=True),
    Column("notice", ForeignKey("notices.number"), primary_key=True),
    Column("type", String, nullable=False),
    sqlite_with_rowid=False,
)
"""Other numbers of a notice, plain form; NoticeIds of a SAM chain have type ``notice_id``. The number stands first in
the key, so that one tree serves all look-ups."""

records = Table(
    "records",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("notice", ForeignKey("notices.number"), nullable=False),
    Column("source", String, nullable=False),
    Column("source_number", String, nullable=False),
    Column("revision", String, nullable=False),
    Column("capture", ForeignKey("captures.number"), nullable=False),
    Column("row", Integer, nullable=False),
    Column("start", BIG, nullable=False),
    Column("end", BIG, nullable=False),
    Column("sha256", String, nullable=False),
    Column("parser_version", Integer, nullable=False),
    Column("carried", ForeignKey("carried.number"), nullable=False),
    Column("content", Text, nullable=False),
    Column("first_seen", String, nullable=False),
)
"""One wording of one source number over one interval of sightings; ``capture``, ``row``, ``start`` and ``end`` say
where it was seen first."""
Index("records_by_source_number", records.c.source, records.c.source_number, records.c.first_seen)
Index("records_by_notice", records.c.notice)
Index("records_by_source", records.c.source, records.c.notice)
Index("records_by_capture", records.c.capture, records.c.row)

sightings = Table(
    "sightings",
    metadata,
    Column("record", ForeignKey("records.number"), primary_key=True, autoincrement=False),
    Column("seen_at", String, nullable=False),
    Column("capture", ForeignKey("captures.number"), nullable=False),
    Column("row", Integer, nullable=False),
    Column("start", BIG, nullable=False),
    Column("end", BIG, nullable=False),
)
"""Where a record was seen last; a record that was seen only once has none. Apart from ``records`` because a bulk file
that has not changed moves one of these a row."""
Index("sightings_by_capture", sightings.c.capture, sightings.c.row)

carried = Table(
    "carried",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("paths", Text, nullable=False, unique=True),
)
"""Distinct sets of paths that answers can carry, as a sorted JSON list."""

versions = Table(
    "versions",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("revision", String, nullable=False),
    Column("observed_at", String, nullable=False),
    Column("capture", ForeignKey("captures.number"), nullable=False),
    Column("record", ForeignKey("records.number"), nullable=False),
    Column("content", Text),
    Column("content_sha256", String, nullable=False),
    Column("seq", BIG, nullable=False),
    Column("superseded", Boolean, nullable=False, server_default=false()),
)
"""``content`` is NULL where it equals the record's. Order: revision, observed_at, capture id, version. ``superseded``:
kept under its number, but no longer in the history, because an older observation or a better parser replaced it."""

events = Table(
    "events",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("notice", ForeignKey("notices.number"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("committed_at", String, nullable=False),
    Column("capture", ForeignKey("captures.number")),
    Column("run", ForeignKey("runs.number")),
    Column("changed", Text, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
)
Index("events_by_notice", events.c.notice, events.c.seq)
Index("events_loud", events.c.seq, sqlite_where=events.c.quiet.is_(False), postgresql_where=events.c.quiet.is_(False))

procurements = Table(
    "procurements",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
)
"""``id``: ``award:<agency>:<PIID>[:<parent>]``, or the id of the notice where it stands alone."""

memberships = Table(
    "memberships",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True),
    Column("procurement", ForeignKey("procurements.number"), nullable=False),
)
Index("memberships_by_procurement", memberships.c.procurement)

titles = Table(
    "titles",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True, autoincrement=False),
    Column("title", String, nullable=False),
    Column("office", String),
    Column("agency", String),
    Column("day", Integer, nullable=False),
)
"""By what notices may be found to be probably the same (archive/titles.py); the joiner keeps it from the log."""
Index("titles_by_title", titles.c.title, titles.c.day)

readers = Table(
    "readers",
    metadata,
    Column("name", String, primary_key=True),
    Column("cursor", BIG, nullable=False),
)
"""How far each reader of the log has come (``joiner``, ``tagger``); the index keeps its cursor inside itself."""

leaves = Table(
    "leaves",
    metadata,
    Column("number", BIG, primary_key=True, autoincrement=False),
    Column("leaves", BIG, nullable=False),
    Column("kind", String, nullable=False),
    Column("capture", ForeignKey("captures.number")),
    Column("seq", BIG),
    Column("body", LargeBinary),
    CheckConstraint("kind IN ('epoch','key','capture','records','event','thinned','correction')", name="leaf_kind"),
)
"""Leaves of the log's tree, a row for each run of one kind: ``number`` is the place of its first leaf. ``seq``: of its
first event; ``body``: what its leaves cannot be written from again (archive/proof/filing.py)."""
Index("leaves_by_capture", leaves.c.capture, leaves.c.number)
Index("leaves_by_seq", leaves.c.seq)
Index("leaves_by_kind", leaves.c.kind, leaves.c.number)

tiles = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("number", BIG, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)
"""Hashes of the log's tree (archive/proof/tree.py)."""

heads = Table(
    "heads",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("epoch", String, nullable=False),
    Column("size", BIG, nullable=False),
    Column("root", String, nullable=False),
    Column("signed_at", String, nullable=False),
    Column("key", String, nullable=False),
    Column("run", String),
    Column("signature", String, nullable=False),
)
"""Signed heads of the log's tree in the order of their signing; ``run``: id of the run that it closes."""
Index("heads_by_size", heads.c.size)
