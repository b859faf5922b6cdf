"""A link owns the transaction: one question at a time, and an answer counts only when it must be this question's.

After a question without a good answer the link listens through a pause at least as long as the slowest answer it ever
saw and throws away what comes; `edge.links.owed` says why that alone is not enough, and what else is done.
"""

from __future__ import annotations

import asyncio
from typing import Final, Self

import structlog

from edge.errors import ConnectError, ExceptionReplyError, FrameError, NoReplyError, StaleReplyError
from edge.links.address import Address, TcpAddress, parse_url
from edge.links.frames import Frame, Framing, Read, RtuFraming, TcpFraming, values_of
from edge.links.owed import Owed, Question
from edge.links.wires import SerialWire, TcpWire, Wire

log = structlog.get_logger()

_LONGEST_PAUSE_S: Final = 5.0


class Link:
    """One bus. Reads are strictly one after another, whoever asks.

    Parameters
    ----------
    address
        Where it is; see `parse_url`.
    timeout_s
        How long an answer may take [s].
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        self.address = address
        self.timeout_s = timeout_s
        self._tcp = isinstance(address, TcpAddress)
        self._wire: Wire = TcpWire(address) if isinstance(address, TcpAddress) else SerialWire(address)
        self._framing: Framing = TcpFraming() if self._tcp else RtuFraming()
        self._lock = asyncio.Lock()
        self._transaction = 0
        self._slowest_s = 0.0
        self._owed = Owed()

    @classmethod
    def from_url(cls, url: str, timeout_s: float) -> Self:
        """Build from ``tcp://…`` or ``rtu:///…``; raises ValueError when the URL is neither."""
        return cls(parse_url(url), timeout_s)

    async def read(self, read: Read) -> tuple[int, ...]:
        """Ask, and return the registers (or bits, 0 or 1), shape (read.count,).

        Raises
        ------
        ConnectError
            The bus cannot be reached.
        NoReplyError
            The unit did not answer in time.
        ExceptionReplyError
            The unit refused.
        FrameError
            The answer was broken, short, or another question's.
        StaleReplyError
            The answer came too late, or cannot be told from one that is late.
        """
        async with self._lock:
            if not self._wire.is_open:
                await self._wire.open(self.timeout_s)
            now = asyncio.get_running_loop().time()
            if read.byte_count in self._owed.by(read.unit, now):
                probe = self._owed.probe(read, now)
                if probe is None:
                    raise StaleReplyError(f"unit {read.unit} on {self._wire} owes answers that this one resembles")
                await self._ask(probe)
            return await self._ask(read)

    def close(self) -> None:
        """Close the wire; the next read opens it again."""
        self._wire.close()

    async def _ask(self, read: Read) -> tuple[int, ...]:
        loop = asyncio.get_running_loop()
        if self._tcp:
            self._transaction = self._transaction % 0xFFFF + 1
        question = Question(self._transaction, read)
        self._discard()
        started = loop.time()
        try:
            async with asyncio.timeout(self.timeout_s):
                self._wire.send(self._framing.wrap(read, self._transaction))
                frame = await self._answer(question)
            values = values_of(read, frame)
        except TimeoutError:
            partial = len(self._wire.received)
            late_s = await self._listen(question, started)
            raise self._unanswered(read, partial, late_s) from None
        except FrameError as error:
            await self._listen(question, started)
            raise FrameError(f"{error} (unit {read.unit} on {self._wire})") from error
        except ExceptionReplyError:
            if self._owed.by(read.unit, loop.time()):  # perhaps it refuses the question before
                self._owed.add(question, loop.time())
            raise
        except asyncio.CancelledError:
            self._wire.close()
            raise
        self._slowest_s = max(self._slowest_s, loop.time() - started)
        self._owed.settle(read.unit)
        return values

    async def _answer(self, question: Question) -> Frame:
        """The first frame that is not an owed one, with nothing behind it."""
        while True:
            frame = self._framing.take(self._wire.received)
            if frame is None:
                await self._wire.more()
            elif self._owed.take(frame):
                log.debug("late_answer_dropped", bus=str(self._wire), unit=frame.unit)
            elif frame.transaction != question.transaction:
                raise FrameError(f"transaction {frame.transaction} answered instead of {question.transaction}")
            else:
                silence = self._wire.silence_s
                if self._wire.received or (silence and not await self._wire.quiet(silence)):
                    raise FrameError("more than one answer to one question")
                return frame

    def _discard(self) -> None:
        """Drop what came between two questions: it answers neither."""
        while self._take_late() is not None:
            pass
        self._wire.received.clear()

    def _take_late(self) -> Frame | None:
        """The next frame in the buffer, crossed off if it was owed; None when there is none left."""
        try:
            frame = self._framing.take(self._wire.received)
        except FrameError:
            self._wire.received.clear()
            return None
        if frame is not None:
            self._owed.take(frame)
        return frame

    async def _listen(self, question: Question, started: float) -> float | None:
        """Let the wire fall silent, throwing away what comes; how late the answer was [s] if it came after all."""
        loop = asyncio.get_running_loop()
        self._owed.add(question, loop.time())
        pause = min(self._slowest_s or self.timeout_s, _LONGEST_PAUSE_S)
        late_s = None
        try:
            while not await self._wire.quiet(pause):
                while (frame := self._take_late()) is not None:
                    if question.answered_by(frame):
                        late_s = loop.time() - started
                        self._slowest_s = max(self._slowest_s, late_s)
        except ConnectError:
            self._wire.close()
        if late_s is None and self._tcp:
            self._wire.close()  # perhaps a connection that only looks alive, or a stream out of step
        self._wire.received.clear()
        return late_s

    def _unanswered(
        self, read: Read, partial: int, late_s: float | None
    ) -> NoReplyError | FrameError | StaleReplyError:
        if late_s is not None:
            took = f"{late_s * 1000:.0f} ms, later than the timeout of {self.timeout_s * 1000:.0f} ms"
            return StaleReplyError(f"unit {read.unit} on {self._wire} answered after {took}")
        if partial:
            return FrameError(f"an answer that ended after {partial} bytes (unit {read.unit} on {self._wire})")
        advice = (
            "Check the unit number and the device's power." if self._tcp else "Check address, baud rate, A/B wires."
        )
        return NoReplyError(f"no reply from unit {read.unit} on {self._wire}", advice)
