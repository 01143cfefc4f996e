"""What readers and programs see: the HTTP API, feeds, exports and pages.

Owns: addresses, answers in JSON, CSV, Atom and JSON Feed, problem documents, templates, style and health.
Never: fetches from a source, writes to the archive, decides what a notice says, or remembers a reader.
Each page has a JSON twin; both are made from the same values.
"""
