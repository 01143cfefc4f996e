"""Alerts: saved searches that are matched against new events, and what is sent because of them.

Owns: saved searches, the matcher of a batch of events, the outbox with its attempts, the channels.
Never: matches what is not in the log, delivers twice, or keeps anything about a reader but an address and a query.
Empty so far: feeds of any search are the alerts of the first form.
"""
