"""The engine for where one machine is outgrown: Elasticsearch, reached by its official client."""
