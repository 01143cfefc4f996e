"""Alerts: saved searches that are matched against new events, and what is sent because of them.

Owns: saved searches, the matcher of a batch of events, the outbox with its attempts, the channels.
Never: matches what is not in the log, skips a delivery, or keeps anything about a reader but an address and a query.
Feeds of any search are alerts without an address; the api has them.
"""
