"""A link owns the transaction: one question at a time, and an answer counts only when it must be this question's.

After a question without a good answer the link listens through a pause at least as long as the slowest answer it ever
saw and throws away what comes; `edge.links.owed` says why that alone is not enough, and what else is done.

Where frames have no transaction number, an answer that comes twice is as dangerous as a late one: the copy looks like
the answer to the next question. Three things stand against it. After an answer the wire must stay silent. An answer
that is byte for byte the one before does not count until the question, asked anew behind a probe, was answered with the
same: then these registers do stand still. And once a copy was seen, every question counts as owed even after its
answer, so that no two alike follow one another.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Self, TypeVar

import structlog

from edge.errors import ConnectError, ExceptionReplyError, FrameError, NoReplyError, StaleReplyError
from edge.links.address import Address, SerialAddress, parse_url
from edge.links.answers import data_of, no_reply, objects_of, words_of
from edge.links.frames import Frame, framing_of
from edge.links.owed import OWED_FOR_S, Caution, Owed, Sent
from edge.links.pace import MINIMUM_S, Pace
from edge.links.questions import IDENTIFY, OTHER_TABLE, REFUSED, Question, Read, ReadIdentification
from edge.links.serial_wire import SerialWire
from edge.links.wires import TcpWire, Wire

log = structlog.get_logger()


class _PerhapsCopyError(Exception):
    """An answer like the one before it."""


_ASKED = TypeVar("_ASKED", Read, ReadIdentification)
_SAID = TypeVar("_SAID")


class Link:
    """One bus. Questions are strictly one after another, whoever asks.

    Parameters
    ----------
    address
        Where it is; see `parse_url`.
    timeout_s
        How long an answer may take at most [s]; what a unit is really waited for is learned (`edge.links.pace`).
    minimum_s
        The shortest learned timeout [s].
    """

    def __init__(self, address: Address, timeout_s: float, minimum_s: float = MINIMUM_S) -> None:
        self.address = address
        self.timeout_s = timeout_s
        self.pace = Pace(timeout_s, minimum_s)
        self._wire: Wire = SerialWire(address) if isinstance(address, SerialAddress) else TcpWire(address)
        self._framing = framing_of(address)
        self._numbered = self._framing.numbered
        self._lock = asyncio.Lock()
        self._transaction = 0
        self._owed = Owed()
        self._last: Frame | None = None
        self._still: Frame | None = None
        self._caution = Caution(possible=not self._numbered)

    @classmethod
    def from_url(cls, url: str, timeout_s: float) -> Self:
        """Build from ``tcp://…``, ``rtu:///…`` and so on; raises ValueError when the URL is none of them."""
        return cls(parse_url(url), timeout_s)

    async def read(self, read: Read) -> tuple[int, ...]:
        """Ask, and return the registers (or bits, 0 or 1), shape (read.count,); raises as `data`."""
        return words_of(read, await self.data(read))

    async def data(self, read: Read) -> bytes:
        """Ask, and return the registers (or bits) as they travel, shape (read.byte_count,).

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
            return await self._turn(read, data_of)

    async def identify(self, asked: ReadIdentification) -> dict[int, bytes]:
        """Ask a device what it is, going on while it says that more follows; its objects by their id.

        Raises
        ------
        LinkError
            As `read`; ExceptionReplyError from the many devices that do not know this function.
        """
        objects: dict[int, bytes] = {}
        while True:
            async with self._lock:
                part, following = await self._turn(asked, objects_of)
            objects |= part
            if following is None:
                return objects
            if following <= asked.object_id:
                raise FrameError(f"unit {asked.unit} on {self._wire} goes round in its identification")
            asked = replace(asked, object_id=following)

    def close(self) -> None:
        """Close the wire; the next question opens it again."""
        self._wire.close()

    async def _turn(self, asked: _ASKED, understand: Callable[[_ASKED, Frame], _SAID]) -> _SAID:
        if not self._wire.is_open:
            await self._wire.open(self.timeout_s)
        if self._owed:
            await self._flush(asked)
        try:
            return await self._ask(asked, understand)
        except _PerhapsCopyError:
            before, self._still = self._last, None
        await self._flush(asked)
        try:
            return await self._ask(asked, understand)
        finally:
            if self._last == before:
                self._still = before

    async def _flush(self, asked: Question) -> None:
        """Ask a probe first if an answer that is owed would look like this one's."""
        if not isinstance(asked, Read):
            return
        now = asyncio.get_running_loop().time()
        if asked.size not in self._owed.by(asked.unit, now):
            return
        probe = self._owed.probe(asked, now)
        if probe is None:
            raise StaleReplyError(f"unit {asked.unit} on {self._wire} owes answers that this one resembles")
        try:
            try:
                await self._probe(probe)
            except _PerhapsCopyError:
                if self._last is None or not self._last.pdu[0] & REFUSED:
                    raise
                # one refusal looks like the other; that of another function does not
                await self._probe(replace(probe, function=OTHER_TABLE[probe.function]))
        except _PerhapsCopyError:
            raise StaleReplyError(f"unit {asked.unit} on {self._wire} said the same twice") from None

    async def _probe(self, probe: Read) -> None:
        """Ask what only shows that the unit owes nothing; a refusal shows it as well."""
        try:
            await self._ask(probe, data_of)
        except ExceptionReplyError:  # a refusal is an answer, and none that could be taken for another
            self._settle(Sent(self._transaction, probe))

    async def _ask(self, asked: _ASKED, understand: Callable[[_ASKED, Frame], _SAID]) -> _SAID:
        loop = asyncio.get_running_loop()
        wire, unit = self._wire, asked.unit
        if wire.received or self.address.guard_s:
            await self._make_ready()
        if self._numbered:
            self._transaction = self._transaction % 0xFFFF + 1
        sent, size = Sent(self._transaction, asked), asked.size
        timeout_s = self.pace.timeout_s(unit, size)
        data = self._framing.wrap(asked, self._transaction)
        started = loop.time()
        try:
            wire.send(data)
            frame = await self._answer(sent, started + timeout_s)
            if frame is None:
                raise await self._unanswered(sent, started, timeout_s)
            took_s = wire.heard_at - started
            if wire.received or not self._numbered:
                await self._check_alone(frame)
            said = understand(asked, frame)
        except FrameError as error:
            await self._listen(sent, started)
            raise FrameError(f"{error} (unit {unit} on {wire})") from error
        except ExceptionReplyError:
            if self._caution.is_due(asyncio.get_running_loop().time()) or self._owed.by(
                unit, loop.time()
            ):  # perhaps it refuses the question before
                self._owed.add(sent, loop.time())
            raise
        except _PerhapsCopyError:
            self._owed.add(sent, loop.time())
            raise
        except (ConnectError, asyncio.CancelledError) as error:
            if not self._numbered:
                self._owed.add(sent, loop.time())
            if isinstance(error, asyncio.CancelledError):
                wire.close()
            raise
        self.pace.answered(unit, size, took_s)
        if self._owed or self._caution:
            self._settle(sent)
        return said

    def _settle(self, sent: Sent) -> None:
        now = asyncio.get_running_loop().time()
        self._owed.settle(sent.question.unit)
        if self._caution.is_due(now):
            self._owed.add(sent, now)

    async def _answer(self, sent: Sent, until: float) -> Frame | None:
        """The first frame that is not an owed one; None when there is none until then."""
        wire, owed = self._wire, self._owed
        while True:
            frame = self._framing.take(wire.received) if wire.received else None
            if frame is None:
                if not await wire.more(until):
                    return None
            elif owed and owed.take(frame):
                log.debug("late_answer_dropped", bus=str(wire), unit=frame.unit)
                self._caution.doubt(asyncio.get_running_loop().time(), again=True)
            elif frame.transaction != sent.transaction:
                raise FrameError(f"transaction {frame.transaction} answered instead of {sent.transaction}")
            else:
                return frame

    async def _check_alone(self, frame: Frame) -> None:
        """An answer with another behind it is none. Where frames have no number, another is waited for."""
        wire = self._wire
        alone = not wire.received
        if alone and not self._numbered:
            with contextlib.suppress(ConnectError):  # the answer is here
                alone = await wire.quiet(wire.heard_at + self.address.silence_s)
        if not alone:
            self._caution.doubt(asyncio.get_running_loop().time())
            raise FrameError("more than one answer to one question")
        if not self._numbered:
            before, self._last = self._last, frame
            if frame == before and frame != self._still and frame.pdu[0] != IDENTIFY:
                raise _PerhapsCopyError

    async def _make_ready(self) -> None:
        """Drop what came between two questions: it answers neither. Keep the guard time."""
        wire, loop = self._wire, asyncio.get_running_loop()
        give_up = loop.time() + OWED_FOR_S
        while (until := wire.heard_at + self.address.guard_s) > loop.time() and loop.time() < give_up:
            await wire.more(until)
        while (frame := self._take_late()) is not None:
            log.debug("answer_without_question_dropped", bus=str(wire), unit=frame.unit)
        wire.received.clear()

    def _take_late(self) -> Frame | None:
        """The next frame in the buffer, crossed off if it was owed; None when there is none left."""
        try:
            frame = self._framing.take(self._wire.received)
        except FrameError:
            self._wire.received.clear()
            return None
        if frame is not None and not self._owed.take(frame):
            self._caution.doubt(asyncio.get_running_loop().time())
        return frame

    async def _listen(self, sent: Sent, started: float) -> float | None:
        """Let the wire fall silent, throwing away what comes; how late the answer was [s] if it came after all."""
        loop, wire = asyncio.get_running_loop(), self._wire
        self._owed.add(sent, loop.time())
        pause_s = min(self.pace.slowest_s or self.pace.configured_s, OWED_FOR_S)
        late_s = None
        give_up = loop.time() + OWED_FOR_S
        try:
            while await wire.more(loop.time() + pause_s) and loop.time() < give_up:
                while (frame := self._take_late()) is not None:
                    if sent.answered_by(frame):
                        late_s = loop.time() - started
                        self.pace.late(frame.unit, late_s)
        except ConnectError:
            wire.close()
        if late_s is None and self._numbered:
            wire.close()  # perhaps a connection that only looks alive, or a stream out of step
        wire.received.clear()
        if self._caution.is_due(loop.time()):
            self._owed.add(sent, loop.time())
        return late_s

    async def _unanswered(self, sent: Sent, started: float, timeout_s: float) -> NoReplyError | StaleReplyError:
        """Why there is no answer, once the wire is silent."""
        unit, partial = sent.question.unit, len(self._wire.received)
        if partial:
            raise FrameError(f"an answer that ended after {partial} bytes")
        late_s = await self._listen(sent, started)
        self.pace.missed(unit)
        if late_s is not None:
            took = f"{late_s * 1000:.0f} ms, later than the timeout of {timeout_s * 1000:.0f} ms"
            return StaleReplyError(f"unit {unit} on {self._wire} answered after {took}")
        return no_reply(unit, self._wire, serial=isinstance(self.address, SerialAddress))
