"""The proof: what the archive received and what it made of it, as leaves of a Merkle tree whose heads are signed.

Leaves are made in the transaction that writes what they speak of, and never change. Formats: docs/proof.md. It never
judges whether a source was right.
"""
