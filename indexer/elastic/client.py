"""The client of the search server, made from the settings."""

from typing import Final

from elastic_transport.client_utils import DEFAULT
from elasticsearch import Elasticsearch

from indexer.elastic.engine import SEARCH_WITHIN, ElasticsearchEngine
from noticewatch.settings import Settings, masked_hosts

_AGAIN: Final = (502, 503, 504)
_LEFT_FOR, _LEFT_LONGEST = 15.0, 120.0
"""Seconds that a host which did not answer is left alone, doubled each time that it does not: asking it takes as long
as a search may take. Where no other is left it is asked at once.
"""


def elasticsearch_engine(settings: Settings, url: str) -> ElasticsearchEngine:
    """The engine at ``url``: addresses of one server, or of several of one cluster with commas between.

    A host that does not answer is left for another one, and not asked again for a while; certificates are checked,
    against ``search_ca`` where set.
    """
    hosts = [host.strip() for host in url.split(",")]
    key = settings.search_api_key.get_secret_value() if settings.search_api_key else None
    client = Elasticsearch(
        hosts, api_key=key, ca_certs=str(settings.search_ca) if settings.search_ca else DEFAULT,
        request_timeout=SEARCH_WITHIN, max_retries=len(hosts), retry_on_timeout=len(hosts) > 1, retry_on_status=_AGAIN,
        dead_node_backoff_factor=_LEFT_FOR, max_dead_node_backoff=_LEFT_LONGEST,
    )  # fmt: skip
    return ElasticsearchEngine(client, settings.search_index, masked_hosts(url))
