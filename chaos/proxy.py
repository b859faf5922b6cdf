"""A proxy that makes a TCP connection as bad as the worst network."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

T = TypeVar("T")

Kind = Literal["cut", "half_open", "corrupt", "delay", "throttle"]

DELAY_S: Final = 0.4
"""How long a delayed line holds every piece of data [s]."""
THROTTLE: Final = 4_000
"""What a throttled line carries in each direction [bytes/s]."""
CORRUPT_SHARE: Final = 0.2
"""Share of the pieces that a corrupting line alters."""
_SURELY: Final = 8
"""One of so many pieces after its beginning is altered for certain, even when it ends before they came."""
_CHUNK: Final = 16_384


@dataclass(eq=False)
class _Link:
    """One connection through the proxy; a hole swallows all that comes, and tells neither side."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    hole: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def abort(self) -> None:
        for writer in (self.client, self.server):
            writer.transport.abort()


class Proxy:
    """Listens on a port of its own and passes on to another one; thread-safe, its loop runs in a thread of its own.

    - ``cut``: every connection is reset, new ones are as long as the fault lasts;
    - ``half_open``: data are swallowed and no connection is ended. Those that are open when the fault begins stay so
      for ever, as after a router has forgotten them; new ones work again when it ends;
    - ``corrupt``: some bytes are altered, which TCP's checksum cannot see behind a faulty router or converter;
    - ``delay``: data arrive late; ``throttle``: they arrive slowly.

    Several faults may hold at once.

    Parameters
    ----------
    target
        The port behind it, on this machine; nothing need listen there yet.
    seed
        Which bytes are altered, and how.

    Attributes
    ----------
    port
        Where it listens.
    altered
        Bytes altered so far.
    met
        By fault, what it has done so far: connections ended, refused or forgotten, pieces of data that vanished, were
        altered or came late. A fault whose number stays is one that nobody noticed.
    """

    def __init__(self, target: int, seed: int) -> None:
        self.target = target
        self.altered = 0
        self.met: Counter[Kind] = Counter()
        self._draw = random.Random(seed)
        self._active: list[Kind] = []
        self._alter_in = 0
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{target}", daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_CHUNK)).result()
        self.port = int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._links)

    def begin(self, kind: Kind) -> None:
        """Begin a fault; what is on the line now is struck first."""
        self._run(self._begin(kind)).result()

    def end(self, kind: Kind) -> None:
        """End one fault of this kind."""
        with contextlib.suppress(ValueError):
            self._active.remove(kind)

    def stop(self) -> None:
        """End every connection, the listening, and the thread."""
        self._run(self._close()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _begin(self, kind: Kind) -> None:
        self._active.append(kind)
        if kind == "corrupt":
            self._alter_in = self._draw.randint(1, _SURELY)
        for link in self._links:
            if kind == "cut":
                link.abort()
            elif kind == "half_open":
                link.hole = True
            else:
                continue
            self.met[kind] += 1

    async def _close(self) -> None:
        self._server.close()
        for link in self._links:
            link.ended.set()
            link.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=5) if others else None

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if "cut" in self._active:
            self.met["cut"] += 1
            client.transport.abort()
            return
        try:
            back, server = await asyncio.open_connection("127.0.0.1", self.target, limit=_CHUNK)
        except OSError:
            client.transport.abort()
            return
        link = _Link(client, server, hole="half_open" in self._active)
        self._links.add(link)
        try:
            await asyncio.gather(self._pass(link, reader, server), self._pass(link, back, client))
        finally:
            link.abort()
            self._links.discard(link)

    async def _pass(self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if link.hole or "half_open" in self._active:
                    self.met["half_open"] += 1
                    continue
                if "delay" in self._active:
                    self.met["delay"] += 1
                    await asyncio.sleep(DELAY_S)
                data = self._altered(data)
                await self._write(writer, data)
        if link.hole:
            await link.ended.wait()  # whoever leaves a hole is not missed on its other side
        writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        while data:
            part, data = data, b""
            if "throttle" in self._active:
                self.met["throttle"] += 1
                part, data = part[: THROTTLE // 20], part[THROTTLE // 20 :]
                await asyncio.sleep(len(part) / THROTTLE)
            if writer.transport.is_closing():
                raise ConnectionAbortedError
            writer.write(part)
        await writer.drain()

    def _altered(self, data: bytes) -> bytes:
        """A piece, perhaps with one to three bytes changed."""
        self._alter_in -= 1
        if self._alter_in != 0 and not ("corrupt" in self._active and self._draw.random() < CORRUPT_SHARE):
            return data
        self.met["corrupt"] += 1
        changed = bytearray(data)
        for _ in range(self._draw.randint(1, 3)):
            changed[self._draw.randrange(len(changed))] ^= self._draw.randint(1, 255)
            self.altered += 1
        return bytes(changed)
