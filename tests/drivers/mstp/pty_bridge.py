"""A bus of pseudo-terminals for tests: what one port writes, all others read, at once and unpaced."""

import contextlib
import os
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path


class PtyBridge:
    """``ports`` are device paths; octets written to one come out of all others. ``hang_up(i)`` unplugs one.

    With ``links``, a folder, the ports are links there, which go and come with ``hang_up`` and ``plug_in``. Those in
    ``echoing`` hear themselves, changed by ``garble``.
    """

    def __init__(self, port_count: int, links: Path | None = None) -> None:
        self.echoing: set[int] = set()
        self.garble: Callable[[bytes], bytes] = lambda octets: octets
        self._links = links
        pairs = [os.openpty() for _ in range(port_count)]
        self._masters = [master for master, _ in pairs]
        self._slaves = [slave for _, slave in pairs]  # held open, so that a port may come and go
        for slave in self._slaves:
            tty.setraw(slave)
        self.ports = [self._name(index, slave) for index, slave in enumerate(self._slaves)]
        self.muted: set[int] = set()
        self._wake_read, self._wake_write = os.pipe()
        self._commands: list[tuple[str, int]] = []
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def hang_up(self, index: int) -> None:
        """Close the bus's side of port ``index``, as when an adapter is unplugged."""
        if self._links is not None:
            Path(self.ports[index]).unlink()
        self._command("out", index)

    def plug_in(self, index: int) -> None:
        """Bring back, under its link, what was unplugged: it is another device by then."""
        self._masters[index], self._slaves[index] = os.openpty()
        tty.setraw(self._slaves[index])
        self._command("in", index)
        self.ports[index] = self._name(index, self._slaves[index])

    def _name(self, index: int, slave: int) -> str:
        if self._links is None:
            return os.ttyname(slave)
        link = self._links / f"adapter{index}"
        link.symlink_to(os.ttyname(slave))
        return str(link)

    def _command(self, name: str, index: int) -> None:
        self._gone.clear()
        self._commands.append((name, index))
        os.write(self._wake_write, b"x")
        assert self._gone.wait(5)

    def close(self) -> None:
        self._commands.append(("end", 0))
        os.write(self._wake_write, b"x")
        self._thread.join()
        for descriptor in (*self._masters, *self._slaves, self._wake_read, self._wake_write):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _copy(self) -> None:
        live = dict(enumerate(self._masters))
        while True:
            readable, _, _ = select.select([self._wake_read, *live.values()], [], [])
            if self._wake_read in readable:
                os.read(self._wake_read, 1)
                command, index = self._commands.pop(0)
                if command == "end":
                    return
                if command == "in":
                    live[index] = self._masters[index]
                else:
                    os.close(self._slaves[index])
                    os.close(live.pop(index))
                self._gone.set()
                continue
            for index, master in live.items():
                if master in readable:
                    octets = os.read(master, 4096)
                    if index in self.echoing:
                        os.write(master, self.garble(octets))
                    if index in self.muted:
                        continue
                    for other, sink in live.items():
                        if other != index and other not in self.muted:
                            os.write(sink, octets)
