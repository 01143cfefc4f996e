"""The access log: which address was asked for, never by which words, and by whom only roughly."""

import ipaddress
import logging
import re
from typing import Any, Final

from uvicorn.logging import AccessFormatter


def cut_address(client: str) -> str:
    """A client's address without what tells one reader from the next: IPv4 to /24, IPv6 to /48, no port."""
    host = client.rpartition(":")[0] if client.count(":") == 1 or client.startswith("[") else client
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        head, _, port = client.rpartition(":")
        if head and port.isdigit() and head.count(":") > 1:
            return cut_address(f"[{head}]:{port}")
        return "-"
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False).network_address)


_PRIVATE: Final = re.compile(r"((?:/alerts/(?:manage|confirm|unsubscribe|replay)|/api/v1/searches)/)(?!preview\b)[^/]+")


def cut_path(path: str) -> str:
    """An address without its query string, and without the token of a saved search: who has that can change it."""
    return _PRIVATE.sub(r"\1…", path.partition("?")[0])


class PrivateAccessFormatter(AccessFormatter):
    """uvicorn's access line with the query string left out and the client's address cut."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """The line for one request."""
        arguments = record.args
        if isinstance(arguments, tuple) and len(arguments) == 5:
            client, method, path, version, status = arguments
            record.args = (cut_address(str(client)), method, cut_path(str(path)), version, status)
        return super().formatMessage(record)


def log_config(level: str = "INFO") -> dict[str, Any]:
    """Logging for uvicorn (its ``log_config``): one line a request on standard output, without query strings."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "default": {"format": "%(asctime)s %(levelname)s %(message)s"},
            "access": {
                "()": "api.access_log.PrivateAccessFormatter",
                "fmt": '%(asctime)s %(client_addr)s "%(request_line)s" %(status_code)s',
                "use_colors": False,
            },
        },
        "handlers": {
            "default": {"class": "logging.StreamHandler", "formatter": "default", "stream": "ext://sys.stderr"},
            "access": {"class": "logging.StreamHandler", "formatter": "access", "stream": "ext://sys.stdout"},
        },
        "loggers": {
            "uvicorn": {"handlers": ["default"], "level": level, "propagate": False},
            "uvicorn.error": {"level": level},
            "uvicorn.access": {"handlers": ["access"], "level": level, "propagate": False},
        },
    }
