"""Signing secrets of webhooks, exchanged without a gap: until the old one is ended, both of them sign."""

from sqlalchemy import Connection, update

from alerts.channels.webhook import new_secret
from alerts.searches import SavedTarget
from alerts.tables import alert_targets


def rotate(connection: Connection, target: SavedTarget) -> str:
    """Give a webhook a new secret, and return it; the latest old one still signs too. Needs a writing transaction."""
    secret = new_secret()
    _set(connection, target, " ".join([secret, *target.target.secret.split()[:1]]))
    return secret


def end_old(connection: Connection, target: SavedTarget) -> None:
    """Sign with the newest secret alone. Needs a writing transaction."""
    _set(connection, target, " ".join(target.target.secret.split()[:1]))


def _set(connection: Connection, target: SavedTarget, secret: str) -> None:
    connection.execute(update(alert_targets).where(alert_targets.c.number == target.number).values(secret=secret))
