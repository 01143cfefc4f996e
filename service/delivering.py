"""Sends what the outbox of alerts holds, in a thread of the server."""

import threading

from alerts.channels.registry import channels
from alerts.delivery import LOOK_EVERY, Delivery
from service.assembly import House


def delivery_of(house: House) -> Delivery:
    """The delivery of an archive by the channels that the settings open."""
    return Delivery(house.archive, channels(house.settings), house.watchlist, house.settings.base_url)


class DeliveryThread(threading.Thread):
    """Delivers until it is stopped. Several servers over one database share the work."""

    def __init__(self, house: House, *, look_every: float = LOOK_EVERY) -> None:
        super().__init__(name="delivery", daemon=True)
        self._delivery, self._look_every = delivery_of(house), look_every
        self._stopping = threading.Event()

    def run(self) -> None:
        """Deliver until stopped."""
        self._delivery.run(self._stopping, self._look_every)

    def stop(self, timeout: float = 10.0) -> None:
        """Send nothing more; what is under way may come to its end."""
        self._stopping.set()
        if self.is_alive():
            self.join(timeout)
