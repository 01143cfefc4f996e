"""``run``, ``serve`` and ``schedule``: one process tree over one data folder, ended as a whole."""

import logging.config
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from archive import queries
from archive.ledger import close_dead_runs
from archive.store import Archive
from crawlers.source import load_sources
from noticewatch.errors import NotFound
from noticewatch.settings import Settings
from service import starter
from service.alarming import AlarmThread
from service.assembly import House, open_archive, open_house
from service.children import Children
from service.delivering import DeliveryThread
from service.holding import Role, hold, say_address
from service.loading import show_load
from service.output import note
from service.readers import ReadersThread
from service.schedule import Schedule
from service.serve import PageServer, Stopping, bound_settings, listen, logging_config, on_terminal, stopped_by_signals


def run(settings: Settings) -> None:
    """Serve, load the starter archive where the log is empty, and schedule, until a signal.

    Raises AddressTaken, DataFolderError, SchemaTooNew, SettingsError before anything is loaded.
    """
    _serve(settings, crawling=True)


def serve(settings: Settings) -> None:
    """Serve and drive the readers, without crawls, until a signal. Raises as :func:`run`."""
    _serve(settings, crawling=False)


def schedule(settings: Settings) -> None:
    """Schedule crawls without serving, until a signal. Raises DataFolderError, SchemaTooNew, SettingsError."""
    logging.config.dictConfig(logging_config())
    with ExitStack() as stack:
        stopping = stack.enter_context(stopped_by_signals())
        archive = stack.enter_context(open_archive(settings))
        stack.enter_context(hold(archive.folder, "scheduler"))
        children = Children()
        planned = Schedule(archive, settings, children)
        stack.callback(children.stop)
        planned.start()
        stack.callback(planned.stop)
        _begin_alarming(archive, settings, stack)
        note(f"Crawls of {archive.folder} are scheduled; Ctrl-C stops it.")
        while not stopping.wait(1.0):
            pass


def _serve(settings: Settings, *, crawling: bool) -> None:
    with ExitStack() as stack:
        stack.enter_context(hold(settings.home.absolute(), *_roles(crawling)))
        bound = stack.enter_context(listen(settings))
        settings = bound_settings(settings, bound)
        say_address(settings.home.absolute(), "server", settings.base_url)
        stopping = stack.enter_context(stopped_by_signals())
        house = stack.enter_context(open_house(settings))
        close_dead_runs(house.archive)
        pages = PageServer(house, bound, access_log=not on_terminal())
        stopping.then(pages.stop)
        readers = ReadersThread(house)
        stack.callback(readers.stop)
        if crawling:
            stack.callback(_begin_crawling(house, stopping).stop)
        delivering = DeliveryThread(house)
        stack.callback(delivering.stop)
        readers.start()
        delivering.start()
        _begin_alarming(house.archive, settings, stack)
        note(f"noticewatch is at {settings.base_url} (Ctrl-C stops it); its data are in {house.archive.folder}.")
        pages.run()
        stopping.set()
        note("Stopping.")


def _begin_alarming(archive: Archive, settings: Settings, stack: ExitStack) -> None:
    """Tell the operator what fails, where ALARM_TO says whom. Raises SettingsError."""
    if settings.alarm_to:
        thread = AlarmThread(archive, settings, load_sources())
        thread.start()
        stack.callback(thread.stop)


def _roles(crawling: bool) -> tuple[Role, ...]:
    return ("server", "scheduler") if crawling else ("server",)


class _Crawling:
    """The half of ``run`` that loads the starter archive and then schedules, in a thread of its own."""

    def __init__(self, house: House, stopping: Stopping) -> None:
        self._house, self._stopping = house, stopping
        self._children = Children()
        self._schedule = Schedule(house.archive, house.settings, self._children)
        self._thread = threading.Thread(target=self._work, name="crawling", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._schedule.stop()
        self._children.stop()
        self._thread.join(2.0)

    def _work(self) -> None:
        load_starter(self._house, self._children, self._stopping.is_set)
        if not self._stopping.is_set():
            self._schedule.start()


def _begin_crawling(house: House, stopping: Stopping) -> _Crawling:
    crawling = _Crawling(house, stopping)
    crawling.start()
    return crawling


def load_starter(house: House, children: Children, stopping: Callable[[], bool]) -> None:
    """Load the starter archive in a process of its own where the log is empty or a load was cut off, with a bar."""
    try:
        folder = starter.starter_folder(house.settings)
    except NotFound as error:
        note(str(error))
        return
    if not starter.is_due(house.archive, folder):
        return
    began = time.monotonic()
    process = children.start(["load-starter"])
    if process is None:
        return
    show_load(house, folder, process, stopping)
    code = children.wait(process)
    if stopping():
        return
    if code:
        note(f"The starter archive did not load (exit code {code}); the next start tries again.")
    else:
        note(_loaded(house.archive, time.monotonic() - began))


def _loaded(archive: Archive, seconds: float) -> str:
    with archive.reading() as connection:
        held = queries.counts(connection)
    return f"The starter archive is loaded: {held.notices:,} notices, searchable after {seconds:.0f} seconds."
