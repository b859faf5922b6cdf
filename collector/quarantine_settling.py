"""What becomes of an entry that was replayed: stored, refused again, or superseded by what the store has."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from collector.conflicts import Superseded
from collector.quarantine_entry import Entry, State, names
from collector.quarantine_room import INSERT, fingerprint
from collector.refusals import Refusal

_REPLACED: Final = b"replaced"
_STORED: Final = b"stored"


def insert(
    connection: sqlite3.Connection, topic: str, payload: bytes, received: int, refusals: Sequence[Refusal], key: bytes
) -> Sequence[Refusal]:
    """Insert refusals of one message; those that were not here already. Part of the caller's transaction."""
    new = []
    for refusal in refusals:
        content = refusal.content if refusal.part else payload
        row = (received, topic, refusal.reason.value, refusal.detail, refusal.part, refusal.readings, content, key)
        if connection.execute(INSERT, (*row, *names(topic, refusal.part))).rowcount == 1:
            new.append(refusal)
    return new


def settle(
    connection: sqlite3.Connection,
    entry: Entry,
    stored: int,
    refusals: Sequence[Refusal],
    superseded: Sequence[Superseded],
    at: int,
) -> int:
    """Note what became of a replayed entry; how many readings moved into the store. Part of the caller's transaction.

    `stored` counts for an entry that does not tell how many readings it holds; `at` is now [ms since 1970-01-01 UTC].
    """
    digest = _digest(connection, entry)
    if digest is None:  # it gave way to a summary meanwhile, which counts its readings
        return 0
    # Other parts of the message may have been refused for the very same reason, and must stay beside these.
    apart = fingerprint(digest, b"replayed", b"%d" % entry.id, b"%d" % at)
    again = next((refusal for refusal in refusals if refusal.part == entry.part), None)
    others = [refusal for refusal in refusals if refusal is not again]
    if again is not None and not entry.part:  # a whole message, though it may no longer tell how many readings it has
        again, stored = again._replace(readings=again.readings or entry.readings), 0
    elif entry.readings:
        out = sum(refusal.readings for refusal in refusals) + sum(each.readings for each in superseded)
        stored = max(0, entry.readings - out)
    insert(connection, entry.topic, entry.content, entry.received, others, apart)
    whole = None  # all that the entry holds, when that is superseded
    if again is None and not others and not stored:
        whole = next((each for each in superseded if each.part == entry.part), None)
    keep_out(connection, entry, [each for each in superseded if each is not whole], apart, "superseded", at)
    if again is not None:
        key = (digest, entry.part, again.reason.value, entry.id)
        taken = connection.execute(
            "SELECT 1 FROM entry WHERE digest = ? AND part = ? AND reason = ? AND id <> ?", key
        ).fetchone()
        _change(
            connection, entry.id,
            "state = 'held', reason = ?, detail = ?, readings = ?, content = ?, decided = ?, note = ?, digest = ?",
            again.reason.value, again.detail, again.readings, again.content if again.part else entry.content, at,
            "replayed, and refused again", apart if taken else digest,
        )  # fmt: skip
        if stored:  # the entry goes on with what was refused; what has left it is counted beside it
            mark = fingerprint(apart, _STORED)
            row = (entry.received, entry.topic, entry.reason, entry.detail, entry.part, stored, b"", mark)
            connection.execute(INSERT, (*row, *names(entry.topic, entry.part)))
            connection.execute("UPDATE entry SET state = 'stored', decided = ? WHERE digest = ?", (at, mark))
    elif whole is not None:
        changes = "state = 'superseded', readings = ?, content = ?, decided = ?, note = ?"
        _change(connection, entry.id, changes, whole.readings, whole.content, at, whole.note)
    else:
        left = sum(each.readings for each in superseded)
        note = f"{left} more superseded: the store has other values" if left else ""
        changes = "state = 'stored', content = x'', readings = ?, decided = ?, note = ?"
        _change(connection, entry.id, changes, stored, at, note)
    return stored


def keep_out(
    connection: sqlite3.Connection, entry: Entry, found: Sequence[Superseded], key: bytes, state: State, at: int
) -> None:
    """Insert readings that others keep out of the store, beside the entry that brought it up."""
    for each in found:
        row = (entry.received, entry.topic, entry.reason, entry.detail, each.part, each.readings, each.content, key)
        connection.execute(INSERT, (*row, *names(entry.topic, each.part)))
        connection.execute(
            "UPDATE entry SET state = ?, decided = ?, note = ? WHERE digest = ? AND part = ? AND reason = ?",
            (state, at, each.note, key, each.part, entry.reason),
        )


def replacing(connection: sqlite3.Connection, entry: Entry, found: Sequence[Superseded], at: int) -> None:
    """Keep the values of the store that an entry is about to overwrite."""
    digest = _digest(connection, entry)
    if digest is not None:
        keep_out(connection, entry, found, _replaced_key(digest, entry), "replaced", at)


def not_replaced(connection: sqlite3.Connection, entry: Entry, parts: Sequence[str]) -> None:
    """Forget them again, of parts that the store refused."""
    digest = _digest(connection, entry)
    if digest is not None:
        key = _replaced_key(digest, entry)
        connection.executemany("DELETE FROM entry WHERE digest = ? AND part = ?", [(key, part) for part in parts])


def _replaced_key(digest: bytes, entry: Entry) -> bytes:
    return fingerprint(digest, _REPLACED, b"%d" % entry.id, b"%d" % entry.decided)


def _digest(connection: sqlite3.Connection, entry: Entry) -> bytes | None:
    found = connection.execute("SELECT digest FROM entry WHERE id = ?", (entry.id,)).fetchone()
    return None if found is None else found[0]


def _change(connection: sqlite3.Connection, id_: int, assignments: str, *values: object) -> None:
    connection.execute(f"UPDATE entry SET {assignments} WHERE id = ?", (*values, id_))  # noqa: S608 - ours
