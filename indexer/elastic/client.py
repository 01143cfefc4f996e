"""The client of the search server, made from the settings."""

from typing import Final

from elastic_transport.client_utils import DEFAULT
from elasticsearch import Elasticsearch

from indexer.elastic.engine import SEARCH_WITHIN, ElasticsearchEngine
from noticewatch.settings import Settings, masked_hosts

_AGAIN: Final = (502, 503, 504)


def elasticsearch_engine(settings: Settings, url: str) -> ElasticsearchEngine:
    """The engine at ``url``: addresses of one server, or of several of one cluster with commas between.

    A host that does not answer is left for another one; certificates are checked, against ``search_ca`` where set.
    """
    hosts = [host.strip() for host in url.split(",")]
    key = settings.search_api_key.get_secret_value() if settings.search_api_key else None
    client = Elasticsearch(
        hosts, api_key=key, ca_certs=str(settings.search_ca) if settings.search_ca else DEFAULT,
        request_timeout=SEARCH_WITHIN, max_retries=len(hosts), retry_on_timeout=len(hosts) > 1, retry_on_status=_AGAIN,
    )  # fmt: skip
    return ElasticsearchEngine(client, settings.search_index, masked_hosts(url))
