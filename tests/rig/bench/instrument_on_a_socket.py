"""Something on a socket that answers every line alike, and keeps what it is sent."""

import contextlib
import socketserver
import threading


class Instrument(socketserver.ThreadingTCPServer):
    """It answers ``answer``, or nothing where that is None, to lines that end as its own do; ``received`` has all."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer, line_end=b"\n"):
        self.received = []
        instrument = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                waiting = b""
                with contextlib.suppress(ConnectionError):
                    while octets := self.request.recv(4096):
                        waiting += octets
                        while line_end in waiting:
                            line, _, waiting = waiting.partition(line_end)
                            instrument.received.append(line + line_end)
                            if answer is not None:
                                self.request.sendall(answer.encode("latin-1") + line_end)
                if waiting:
                    instrument.received.append(waiting)

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def resource(self):
        return f"TCPIP0::127.0.0.1::{self.server_address[1]}::SOCKET"
