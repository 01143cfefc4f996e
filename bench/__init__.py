"""Measurements against the stated limits: loading the starter archive, searching it."""
