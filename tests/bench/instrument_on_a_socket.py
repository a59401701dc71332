"""Something on a socket that answers every line alike, and keeps what it is sent."""

import contextlib
import socketserver
import threading


class Instrument(socketserver.ThreadingTCPServer):
    """Something on a socket that keeps what it is sent; it answers ``answer``, or nothing where that is None."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer):
        self.received = []
        instrument = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(ConnectionError):
                    for line in self.rfile:
                        instrument.received.append(line)
                        if answer is not None:
                            self.wfile.write(answer.encode("latin-1") + b"\n")

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def resource(self):
        return f"TCPIP0::127.0.0.1::{self.server_address[1]}::SOCKET"
