"""Writing: what is in memory, in the journal and in the file of a `DuckStore`, kept in step."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence

import duckdb
import structlog

from storage.duck.committing import Committing
from storage.duck.file import DataFile
from storage.duck.journal import Journal
from storage.duck.left import owned, take_in_left
from storage.duck.newest import Newest
from storage.duck.numbering import numbered
from storage.duck.rollups import Touches, set_aside
from storage.duck.settling import Settling
from storage.duck.taking_in import TakingIn
from storage.errors import StoreError
from storage.intake import Intake, take
from storage.store import Written
from telemetry import Batch

log = structlog.get_logger(__name__)


class Writing:
    """Everything that changes the readings of one file goes through here.

    Readings newer than all their series hold are added to the journal, and go into the file together a moment later
    (`take_in`). Everything else is a transaction at once: new series, gaps, and readings among or before others, for
    which the time span they cover is searched: what is there already, bit for bit, is left alone, what differs is
    replaced.

    Parameters
    ----------
    file
        The open file. What a killed process left in its journal is taken in.

    Attributes
    ----------
    newest, touches, settling
        What is known without asking the file; `newest` knows what the journal holds, too.
    lock
        Held by whoever changes the file; one who also holds `memory` took this first.
    memory
        Held by whoever changes what is in memory.

    Raises
    ------
    StoreRefusedError
        When a journal lies beside the file that is not its own, or cannot be read.
    StoreUnavailableError
        When the disk is too full to take it in.
    """

    def __init__(self, file: DataFile) -> None:
        self._file = file
        self.lock = threading.Lock()
        self.memory = threading.Lock()
        self._in_doubt = False
        with file.cursor() as cursor:
            take_in_left(cursor, file.path)
            owner = owned(cursor)
            self._committing = Committing(cursor)
            self.touches = Touches(cursor)
            self.newest = Newest(cursor)
            self.settling = Settling(cursor)
        self._journal = Journal(file.path, owner)
        self._taking_in = TakingIn(self._journal, self.take_in)

    def write(self, batches: Sequence[Batch]) -> Written:
        """Make batches durable; see `Store.write`."""
        intake = take(batches)
        self._file.must_be_in_place()
        with self.memory:
            if self._journalled(intake):
                return Written(intake.stored, 0, tuple(intake.rejected))
        with self.lock, self.memory, self._file.cursor() as cursor:
            self._catch_up(cursor)
            intake = self._committed(cursor, intake)
        return Written(intake.stored, len(intake.gaps), tuple(intake.rejected))

    def _journalled(self, intake: Intake) -> bool:
        """Add readings to the journal if that is all there is to do; the caller holds `memory`."""
        if self._in_doubt or intake.gaps or not intake.blocks:
            return False
        # What failed is over when nothing waits, whoever took it in.
        if self._journal.rows and self._taking_in.behind:
            return False
        new, columns = numbered(intake.blocks, self.newest)
        if (
            new
            or not len(columns.time)
            or columns.time.min() < self.touches.horizon
            or not self.newest.beyond(columns).all()
        ):
            return False
        self._journal.add(columns)
        self.newest.committed(new, columns)
        self._taking_in.wake()
        return True

    def _committed(self, cursor: duckdb.DuckDBPyConnection, intake: Intake) -> Intake:
        """Commit at once; returns what of it was to be kept. The caller holds both locks."""
        new, columns = numbered(intake.blocks, self.newest)
        if len(columns.time) and columns.time.min() < self.touches.horizon:
            intake = set_aside(cursor, intake, self.newest.find)
            new, columns = numbered(intake.blocks, self.newest)
        if intake.gaps or len(columns.time):
            # A commit may fail after it became durable (the checkpoint that follows it): what is in memory must
            # not be believed then, or a repeated batch would be appended twice.
            self._in_doubt = True
            if len(columns.time):
                self.settling.will_write(columns)
            self._committing.commit(cursor, new, columns, self.newest, self.touches, intake.gaps)
            self.newest.committed(new, columns)
            self._in_doubt = False
        return intake

    def take_in(self) -> None:
        """Let what the journal holds go into the file.

        Raises
        ------
        StoreError
            When that fails; it stays in the journal.
        """
        if self._journal.rows:
            with self.lock, self._file.cursor() as cursor:
                self._take_in(cursor)

    def taken_in(self) -> None:
        """`take_in`, for who reads: where it fails, what is in the file can be read all the same."""
        with contextlib.suppress(StoreError):
            self.take_in()

    @property
    def trouble(self) -> StoreError | None:
        """Why what the journal holds does not go into the file, if it does not."""
        return self._taking_in.trouble if self._journal.rows else None

    def _take_in(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Take in what is there now; the caller holds `lock`."""
        again = True
        while again and self._journal.rows:
            records, again = self._journal.take()
            for each in records:
                self.settling.will_write(each)
            self._committing.take_in(cursor, records, self.touches, doubtful=again)
            self._journal.taken()

    def _catch_up(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Take in, and read again what is in memory if it may differ; the caller holds both locks."""
        self._take_in(cursor)
        if self._in_doubt:
            self.newest = Newest(cursor)
            self.touches = Touches(cursor)
            self._in_doubt = False

    @contextlib.contextmanager
    def doubted(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """A transaction over a file that holds everything written; what is in memory is not believed until it commits.

        The caller holds both locks.
        """
        self._catch_up(cursor)
        self._in_doubt = True
        with transaction(cursor):
            yield
        self._in_doubt = False

    def read_again(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Read from the file what is in memory; the caller holds both locks."""
        self._in_doubt = True
        self._catch_up(cursor)

    def close(self) -> None:
        """Take everything in and let go of file and journal; what cannot be taken in stays in the journal."""
        self._taking_in.stop()
        try:
            self.take_in()
        except StoreError as error:
            if self._journal.rows and not self._file.closed:
                log.warning("journal_kept", reason=str(error), readings=self._journal.rows)
        # Under no lock: a roll-up under way holds a cursor and waits for one. And the journal before the file: whoever
        # opens the file next may have a journal of the same name at once.
        self._file.close(self._journal.close)


@contextlib.contextmanager
def transaction(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A transaction, rolled back by an error."""
    cursor.begin()
    try:
        yield
        cursor.commit()
    except BaseException:
        with contextlib.suppress(duckdb.Error):
            cursor.rollback()
        raise
