"""The process in which Apprise sends one message: one JSON object in, one out (see :mod:`alerts.channels.chat`).

An audit hook sees every connection of the process at the moment it is made, with the very address, and ends those that
the guard does not allow; it also lets nothing start another program. It cannot be taken off again, which is why this
is a process of its own.
"""

import contextlib
import io
import logging
import resource
import sys
from typing import Any, Final

import orjson
import requests

from alerts.guard import Guard, TargetRefused

_MEMORY: Final = 1_000_000_000
_CONNECTING: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_STARTING: Final = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"}
)


def main() -> None:
    """Read what is asked, send it, write what came of it."""
    asked = orjson.loads(sys.stdin.buffer.read())
    with contextlib.suppress(ValueError, OSError):  # where the system knows no such limit, the time limit is left
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    sys.stdout.buffer.write(orjson.dumps(_answer(asked)))


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    log = io.StringIO()
    logging.basicConfig(stream=log, level=logging.WARNING, format="%(message)s", force=True)
    refused = _hold(Guard(allow_private=bool(asked["allow_private"])))
    heard = _bound_answers(int(asked["most_read"]))
    service, known = _service(asked["url"]), set(asked["services"])
    if service is None:
        return {"answer": "This is no address of a chat service; write one as Apprise has them, such as slack://… ."}
    if not known & _schemas(service):
        return {"answer": f"Messages go to no such chat service; they go to {', '.join(sorted(known))}."}
    if asked.get("check"):
        return {"state": "known"}
    try:
        sent = bool(service.notify(title=asked["title"], body=asked["body"]))
    except TargetRefused as error:
        return {"answer": str(error)}
    return {"answer": refused[0]} if refused else _came_of_it(heard, log.getvalue(), sent=sent)


def _service(url: str) -> Any:
    """The service of an address: it stores nothing, shows no picture, and certificates are checked."""
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - only after the hook is on

    asset = AppriseAsset(
        app_id="noticewatch", app_desc="noticewatch", app_url="", image_url_mask="", image_url_logo="",
        storage_mode="memory",
    )  # fmt: skip
    service = Apprise.instantiate(url, asset=asset)
    if service is not None:
        service.verify_certificate = True
    return service


def _schemas(service: Any) -> set[str]:
    """Schemas of a service as it was written: the secure ones, or those that are not."""
    used = service.secure_protocol if service.secure or not service.protocol else service.protocol
    return {used} if isinstance(used, str) else set(used or ())


def _hold(guard: Guard) -> list[str]:
    """From here on this process connects only to what the guard allows; sentences about what it did not."""
    refused: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _STARTING:
            refused.append("A chat service may not start a program.")
            raise TargetRefused(refused[-1])
        if event in _CONNECTING:
            address = arguments[1]
            if address is None:
                return  # sent on a connection, which was checked when it was made
            if not (isinstance(address, tuple) and guard.allows(str(address[0]), int(address[1]))):
                refused.append(
                    "The address leads inside a network, or to a port that is not of the web; "
                    "use a public one, or the operator sets NOTICEWATCH_ALERTS_ALLOW_PRIVATE."
                )
                raise TargetRefused(refused[-1])

    sys.addaudithook(hook)
    return refused


def _bound_answers(most_read: int) -> list[requests.Response]:
    """From here on answers are read up to so many bytes, no redirect is followed, and nothing of the machine's settings
    (proxies, ``.netrc``) is used; the answers that come.
    """
    heard: list[requests.Response] = []

    class Session(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            self.trust_env = False

        def send(self, request: requests.PreparedRequest, **given: Any) -> requests.Response:
            response = super().send(request, **(given | {"stream": True, "allow_redirects": False}))
            response._content = response.raw.read(most_read, decode_content=True)
            response.close()
            heard.append(response)
            return response

    requests.Session = requests.sessions.Session = Session  # type: ignore[misc]  # Apprise takes it from here
    return heard


def _came_of_it(heard: list[requests.Response], log: str, *, sent: bool) -> dict[str, Any]:
    if not heard:
        return {"state": "delivered"} if sent else {"answer": log.strip() or "it was not sent"}
    last = heard[-1]
    state = "delivered" if sent else "gone" if last.status_code == 410 else "retry"
    text = (last.content or b"").decode("utf-8", "replace")
    return {
        "state": state,
        "answer": f"HTTP {last.status_code} {text[:2_000]}",
        "retry_after": last.headers.get("Retry-After", ""),
    }


if __name__ == "__main__":
    main()
