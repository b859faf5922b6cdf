"""Writing: batches into the store, halved until the one is found that it fails over although it is well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import structlog

from collector.counters import Tally
from collector.patience import Interrupted, Patience
from collector.refusals import Reason, Refusal
from storage import Rejected, Store, StoreError, StoreUnavailableError, Written
from telemetry import Batch

log = structlog.get_logger()


class Unprocessable(NamedTuple):
    """A batch that the store cannot take for a defect of ours."""

    batch: Batch
    refusal: Refusal


class Writer:
    """Writes batches to the store, however long it is away.

    Parameters
    ----------
    store
        Where they go.
    tally
        Counts.
    patience
        Waits for the store while it fails.
    """

    def __init__(self, store: Store, tally: Tally, patience: Patience) -> None:
        self._store = store
        self._tally = tally
        self._patience = patience

    def write(self, batches: Sequence[Batch]) -> list[Rejected | Unprocessable]:
        """Write batches; returns what of them the store cannot take, for a reason of its own.

        Raises
        ------
        Interrupted
            When the collector is stopped before all are written.
        """
        if not batches:
            return []
        try:
            written = self._patience.try_until_done(lambda: self._written(batches))
        except Interrupted:
            raise
        except Exception as error:
            if len(batches) == 1:
                log.exception("batch_unprocessable", gateway=batches[0].gateway, seq=batches[0].seq)
                refusal = Refusal(Reason.UNPROCESSABLE, repr(error), readings=batches[0].readings)
                return [Unprocessable(batches[0], refusal)]
            half = len(batches) // 2
            return [*self.write(batches[:half]), *self.write(batches[half:])]
        gap_readings = sum(gap.readings for batch in batches for gap in batch.gaps)
        self._tally.add(batches=len(batches), written=written.stored, gaps=written.gaps, gap_readings=gap_readings)
        return list(written.rejected)

    def _written(self, batches: Sequence[Batch]) -> Written:
        try:
            return self._store.write(batches)
        except StoreError:
            raise
        except Exception as error:
            health = self._store.health()
            if health.ok:
                raise
            # An error nobody foresaw, from a store that is not well: the batches are not to blame.
            raise StoreUnavailableError(f"{health.engine}: {health.detail} ({error!r})") from error
