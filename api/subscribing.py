"""Saving, changing and testing alerts for who asks over the network: checked, limited, written in one transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import Request
from sqlalchemy import Connection

from alerts import confirming, limits, rotation, searches
from alerts.channels.registry import channels, check
from alerts.channels.webhook import new_secret
from alerts.delivery import Delivery
from alerts.limits import Granted, LimitReached
from alerts.models import Outcome, Target, TargetState
from alerts.previewing import newest
from alerts.searches import SavedSearch, SavedTarget
from alerts.tokens import holder
from api.context import Context
from api.limits import client_of, limited
from api.problems import Problem
from api.saving import Given, GivenTarget
from noticewatch.database import shared_time
from noticewatch.errors import NotFound, UsageError

SIGN_UP = "Saving alerts from your network"


@dataclass(frozen=True, slots=True)
class Signed:
    """A search that was saved: the token of its private link, and secrets of its webhooks by id of the target. Neither
    is told again.
    """

    search: SavedSearch
    token: str
    secrets: dict[str, str]
    granted: Granted


def sign_up(held: Context, request: Request, given: Given) -> Signed:
    """Save a search. Raises Problem (429), UsageError with one sentence for what cannot be saved."""
    if not given.targets:
        raise Problem(
            400, "bad-request", "No target is given; name one, or follow the feed of the search, which needs none.",
            parameter="targets",
        )  # fmt: skip
    if len(given.targets) > searches.MOST_TARGETS:
        raise UsageError(f"A search has at most {searches.MOST_TARGETS} targets.")
    searches.compiled(given.terms, held.search.names)
    targets = [checked(held, one) for one in given.targets]
    with _signing_up(held, request, len(targets)) as (connection, granted):  # a search is as many as its targets
        saved, token = searches.create(
            connection, held.tokens, held.search.names, given.terms, targets, given.timing, given.name
        )
        for target in saved.targets:
            _ask(connection, saved, target)
    return Signed(saved, token, {one.id: one.target.secret for one in saved.targets if one.target.secret}, granted)


def checked(held: Context, given: GivenTarget) -> tuple[Target, TargetState]:
    """A target to which something may be sent, and its first state. Raises UsageError."""
    secret = new_secret() if given.channel == "webhook" else ""
    target = Target(given.channel, given.address.strip(), secret)
    check(target, held.settings)
    return target, "unconfirmed" if given.channel == "email" else "active"


def add_target(held: Context, request: Request, token: str, given: GivenTarget) -> SavedTarget:
    """Add a target to a search. Raises NotFound, Problem (429), UsageError."""
    with held.archive.reading() as connection:
        found(connection, token)
    target, state = checked(held, given)
    with _signing_up(held, request, 1) as (connection, _):
        saved = found(connection, token)
        added = searches.add_target(connection, saved.number, target, state)
        _ask(connection, saved, added)
    return added


def found(connection: Connection, token: str) -> SavedSearch:
    """The search of a private link. Raises NotFound."""
    saved = searches.by_token(connection, token)
    if saved is None:
        raise NotFound("No search is saved under this private link; it was deleted, or the link is not whole.")
    return saved


def target_of(saved: SavedSearch, target_id: str) -> SavedTarget:
    """A target of a search by its id. Raises NotFound."""
    for target in saved.targets:
        if target.id == target_id:
            return target
    raise NotFound("This search has no such target; it was removed.")


def change(held: Context, token: str, given: Callable[[SavedSearch], Given]) -> SavedSearch:
    """Change a search to what is given. Raises NotFound, UsageError."""
    with held.archive.writing() as connection:
        saved = found(connection, token)
        wanted = given(saved)
        name = wanted.name if wanted.name != saved.name else _own_name(held, saved)
        return searches.change(
            connection, held.search.names, saved.number, terms=wanted.terms, timing=wanted.timing, name=name
        )


def delete(held: Context, token: str) -> None:
    """Delete a search with all that is held of it. Raises NotFound."""
    with held.archive.writing() as connection:
        searches.remove(connection, [found(connection, token).number])


def with_target(held: Context, token: str, target_id: str, do: Callable[[Connection, SavedTarget], str | None]) -> str:
    """Do something to a target; gives what is to be told. Raises NotFound."""
    with held.archive.writing() as connection:
        return do(connection, target_of(found(connection, token), target_id)) or ""


def pause(connection: Connection, target: SavedTarget) -> None:
    """Send nothing to a target until it is resumed."""
    searches.pause(connection, target.number, "Its owner paused it.")


def resume(connection: Connection, target: SavedTarget) -> None:
    """Send to a target again, beginning with what was kept for it."""
    searches.resume(connection, target.number)


def remove(connection: Connection, target: SavedTarget) -> None:
    """Delete a target; the search goes with its last one."""
    searches.remove_target(connection, target.number)


def rotate(connection: Connection, target: SavedTarget) -> str:
    """Give a webhook a new signing secret."""
    _need_webhook(target)
    return rotation.rotate(connection, target)


def end_old_secret(connection: Connection, target: SavedTarget) -> None:
    """Let the old secret of a webhook sign no more."""
    _need_webhook(target)
    rotation.end_old(connection, target)


def ask_again(held: Context, token: str, target_id: str) -> None:
    """Ask again whether an address wants messages; without a word where it was asked too often already. Raises
    NotFound, UsageError where there is nothing to ask.
    """
    with held.archive.writing() as connection:
        saved = found(connection, token)
        target = target_of(saved, target_id)
        if target.target.channel != "email":
            raise UsageError("Only addresses of mail are asked; this target needs no confirmation.")
        if target.state != "unconfirmed":
            raise UsageError("This address was confirmed already.")
        _ask(connection, saved, target)


def test(held: Context, token: str, target_id: str) -> Outcome:
    """Send a test to a target now, and wait for the answer. Raises NotFound, Problem (429), UsageError."""
    with held.archive.reading() as connection:
        saved = found(connection, token)
    target = target_of(saved, target_id)
    if target.state == "unconfirmed":
        raise UsageError("Nothing is sent to an address that is not confirmed, not even a test.")
    with limited("Testing a target"), held.archive.writing() as connection:
        limits.take(connection, limits.TESTS, target.id, shared_time(connection))
    by = Delivery(held.archive, channels(held.settings), held.matcher, held.settings.base_url)
    return by.test(saved, target, partial(newest, held.search))


def confirmed(held: Context, token: str) -> bool:
    """Note that the owner of an address wants messages; False where the link leads nowhere."""
    with held.archive.writing() as connection:
        known = holder(connection, "confirm", token)
        if known is None or known[1] is None:
            return False
        confirming.confirm(connection, known[1], shared_time(connection))
        return True


def unsubscribed(held: Context, token: str) -> None:
    """End the messages to a target; a link that leads nowhere has ended them already."""
    with held.archive.writing() as connection:
        known = holder(connection, "unsubscribe", token)
        if known is not None and known[1] is not None:
            searches.remove_target(connection, known[1])


def _own_name(held: Context, saved: SavedSearch) -> str | None:
    """Empty where the search is called by its query, so that a new query gives a new name; None where it is not."""
    understood, _ = searches.understood(saved, held.search.names)
    return "" if saved.name == " ".join(understood.split())[: searches.LONGEST_NAME] else None


def _ask(connection: Connection, saved: SavedSearch, target: SavedTarget) -> None:
    """Ask for a confirmation, at most a few times a day. Whether it was asked is told to nobody: it would tell whether
    others gave the address too.
    """
    if target.state != "unconfirmed":
        return
    at = shared_time(connection)
    try:
        limits.take(connection, limits.CONFIRMATIONS, target.target.address.casefold(), at)
    except LimitReached:
        return
    confirming.ask(connection, saved.number, target.number, at)


@contextmanager
def _signing_up(held: Context, request: Request, targets: int) -> Iterator[tuple[Connection, Granted]]:
    """A writing transaction in which targets are added, within the limit of whoever asks; what fails counts for
    nothing. Raises Problem (429), mostly without waiting for those who write.
    """
    asked = limits.SIGN_UPS, client_of(request)
    with limited(SIGN_UP):
        with held.archive.reading() as connection:
            limits.look(connection, *asked, shared_time(connection), targets)
        with held.archive.writing() as connection:
            at = shared_time(connection)
            limits.forget(connection, at)
            yield connection, limits.take(connection, *asked, at, targets)


def _need_webhook(target: SavedTarget) -> None:
    if target.target.channel != "webhook":
        raise UsageError("Only webhooks have a signing secret.")
