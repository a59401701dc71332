"""A bus of pseudo-terminals for tests: what one port writes, all others read, at once and unpaced."""

import contextlib
import os
import select
import threading
import tty


class PtyBridge:
    """``ports`` are device paths; octets written to one come out of all others. ``hang_up(i)`` unplugs one."""

    def __init__(self, port_count: int) -> None:
        pairs = [os.openpty() for _ in range(port_count)]
        self._masters = [master for master, _ in pairs]
        self._slaves = [slave for _, slave in pairs]  # held open, so that a port may come and go
        for slave in self._slaves:
            tty.setraw(slave)
        self.ports = [os.ttyname(slave) for slave in self._slaves]
        self.muted: set[int] = set()
        self._wake_read, self._wake_write = os.pipe()
        self._commands: list[int] = []
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def hang_up(self, index: int) -> None:
        """Close the bus's side of port ``index``, as when an adapter is unplugged."""
        self._gone.clear()
        self._commands.append(index)
        os.write(self._wake_write, b"x")
        assert self._gone.wait(5)

    def close(self) -> None:
        self._commands.append(-1)
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
                index = self._commands.pop(0)
                if index < 0:
                    return
                os.close(self._slaves[index])
                os.close(live.pop(index))
                self._gone.set()
                continue
            for index, master in live.items():
                if master in readable:
                    octets = os.read(master, 4096)
                    if index in self.muted:
                        continue
                    for other, sink in live.items():
                        if other != index and other not in self.muted:
                            os.write(sink, octets)
