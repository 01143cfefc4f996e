"""What a database says when it cannot be used, as one sentence with the way out. Pure; passwords never stand in it."""

from typing import Final

from sqlalchemy import URL

from noticewatch.errors import DatabaseUnavailable, DataFolderError, NoticewatchError

_CONNECT: Final = (
    ("password authentication failed", "refuses the user or the password; set both in NOTICEWATCH_DATABASE_URL"),
    ("no password supplied", "wants a password; set it in NOTICEWATCH_DATABASE_URL"),
    ("no pg_hba.conf entry", "lets no such user in from here; add a line to its pg_hba.conf"),
    ("too many", "has no connection left; end other programs or raise its max_connections"),
    ("starting up", "is still starting; try again in a moment"),
    ("shutting down", "is shutting down; start it again"),
    ("unexpectedly", "does not answer: it ended the connection; start it again, and go on when it is there"),
    ("refused", "does not answer; start it, or correct NOTICEWATCH_DATABASE_URL"),
    ("timeout", "does not answer in time; start it, or correct NOTICEWATCH_DATABASE_URL"),
    ("resolve", "has a name that is not known; correct NOTICEWATCH_DATABASE_URL"),
    ("translate host name", "has a name that is not known; correct NOTICEWATCH_DATABASE_URL"),
)
"""Parts of the driver's words for a failed connection, which has no SQLSTATE, and what is said instead."""

_FULL: Final = frozenset({"53100", "53200"})
_LOST: Final = frozenset({"57P01", "57P02", "57P03"})


def unreachable(error: BaseException, url: URL) -> NoticewatchError:
    """Why no connection to a PostgreSQL server was made."""
    said = " ".join(str(error).split())
    if "does not exist" in said and f'database "{url.database}"' in said:
        return DatabaseUnavailable(
            f"The database {url.database} does not exist on the server {_server(url)}; make it (createdb "
            f"{url.database}), or correct NOTICEWATCH_DATABASE_URL."
        )
    if "permission denied for database" in said:
        return _no_right(said, url)
    for words, sentence in _CONNECT:
        if words in said.lower():
            return DatabaseUnavailable(f"The PostgreSQL server {_server(url)} {sentence}.")
    told = without_password(said, url).rstrip(".")
    return DatabaseUnavailable(f"The PostgreSQL server {_server(url)} cannot be used: {told}.")


def explained(error: BaseException, url: URL, *, lost: bool) -> NoticewatchError | None:
    """Why PostgreSQL did not do what was asked, where a person can mend it; None for anything else.

    ``lost``: the connection ended meanwhile.
    """
    state = getattr(error, "sqlstate", None) or ""
    said = " ".join(str(error).split())
    if lost or state in _LOST or state.startswith("08"):
        return DatabaseUnavailable(
            f"The connection to the PostgreSQL server {_server(url)} was lost; what was not acknowledged was not "
            "written, so begin again when the server answers."
        )
    if state == "42501":
        return _no_right(said, url)
    if state == "25006":
        return DatabaseUnavailable(
            f"The PostgreSQL server {_server(url)} takes no changes (it is a standby or set to read only); "
            "name its primary in NOTICEWATCH_DATABASE_URL."
        )
    if state == "55P03":
        return DatabaseUnavailable(
            f"Another process has been writing to the database {url.database} for a minute; try again when it is done."
        )
    if state in _FULL:
        return DataFolderError(f"The PostgreSQL server {_server(url)} is full ({said}); free space and go on.")
    return None


def broken_file(error: BaseException, file: str) -> NoticewatchError | None:
    """Why SQLite did not do what was asked, where a person can mend it; None for anything else."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if name == "SQLITE_BUSY":
        return DatabaseUnavailable(
            f"Another process has been writing to the database {file} for a minute; try again when it is done."
        )
    if name.startswith(("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return DataFolderError(
            f"The database {file} cannot be written ({error}); "
            "free space or make the data folder writable (NOTICEWATCH_HOME)."
        )
    if name.startswith("SQLITE_IOERR"):  # so it says too where a full disk has no room for the files beside it
        return DataFolderError(
            f"The database {file} cannot be read or written ({error}); free space, or check the disk."
        )
    if name in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}:
        return DataFolderError(f"The database {file} is damaged ({error}); restore the last backup.")
    return None


def without_password(text: str, url: URL) -> str:
    """A text in which the URL's password is masked."""
    secrets = [url.password, *(url.query.get(name) for name in ("password", "sslpassword"))]
    for secret in secrets:
        if isinstance(secret, str) and secret:
            text = text.replace(secret, "********")
    return text


def _no_right(said: str, url: URL) -> NoticewatchError:
    user = url.username or "used here"
    return DatabaseUnavailable(
        f"The user {user} may not do this in the database {url.database} ({said.splitlines()[0]}); "
        f"make it the owner: ALTER DATABASE {url.database} OWNER TO {user}."
    )


def _server(url: URL) -> str:
    host = url.host or url.query.get("host") or "on this machine"
    return f"{host}:{url.port}" if url.port else f"{host}"
