"""Leaves of the log of corrections: what was corrected, with the hash of the reason that was given for it then."""

from sqlalchemy import Connection, select

from archive import merkle
from archive.correction_tables import corrections
from archive.proof import filing, forms, heads
from archive.proof.extent import DoesNotHold
from archive.proof.tree import StoredTree


def places(connection: Connection) -> dict[int, int]:
    """Places of the leaves by the number of the correction."""
    return {said["number"]: place for place, said in heads.stated(connection, "correction")}


def file_missing(connection: Connection) -> None:
    """Make the leaves of corrections that have none: those of before there were any; needs the lock of the log."""
    held = places(connection)
    query = select(corrections).order_by(corrections.c.number)
    data = [forms.correction_leaf(row) for row in connection.execute(query).mappings() if row["number"] not in held]
    filing.file(connection, [filing.statement("correction", one) for one in data])


def check(connection: Connection) -> None:
    """Check that the log of corrections says what was said when they were made. Raises DoesNotHold."""
    held, stored = places(connection), StoredTree(connection)
    for row in connection.execute(select(corrections).order_by(corrections.c.number)).mappings():
        place = held.pop(row["number"], None)
        if place is None:
            raise DoesNotHold(f"Correction {row['number']} has no leaf; it was not written by noticewatch.")
        if stored.hashes(place, 1) != merkle.leaf_hash(forms.correction_leaf(row)):
            raise DoesNotHold(
                f"Correction {row['number']} is not what leaf {place} of the tree says: its reason or details were "
                "changed."
            )
    for number in held:
        raise DoesNotHold(f"Correction {number} is missing from the log of corrections.")
