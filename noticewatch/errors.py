"""Errors a person can act on: each says what is wrong and the way out, in one sentence."""


class NoticewatchError(Exception):
    """Base of every error that is shown to a user as one sentence. ``exit_code`` is the command line's."""

    exit_code = 1


class UsageError(NoticewatchError):
    """What was asked for cannot be done as asked: a wrong argument, setting or address."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown or has a value that cannot be used."""


class NotFound(UsageError):
    """No notice, version, capture or source of that name is held."""


class DataFolderError(NoticewatchError):
    """The data folder cannot be used: read-only, full, or held by another process."""


class DatabaseUnavailable(NoticewatchError):
    """The database server cannot be reached or does not let us do what is needed."""


class SchemaTooNew(NoticewatchError):
    """The database was written by a newer program."""


class SourceDrift(NoticewatchError):
    """An answer does not have the shape its source is known for."""


class NotRecorded(NoticewatchError):
    """A replayed request has no recorded answer; the network is never asked instead."""


class CaptureDamaged(NoticewatchError):
    """Archived bytes are missing or do not match their hash."""
