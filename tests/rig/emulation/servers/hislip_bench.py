"""``python -m tests.rig.emulation.servers.hislip_bench``: the emulated bench, with source and analyzer over HiSLIP too.

The JSON line of endpoints has the two resource names under ``hislip``.
"""

from rig.emulation import __main__ as emulation
from rig.emulation.bench import EmulatedBench, Options
from rig.emulation.scpi.engine import ScpiEngine
from rig.emulation.servers.control import ScpiHandler
from tests.rig.emulation.servers.hislip import HislipServer


class ScpiInstrument(ScpiHandler):
    """Serves program messages to a SCPI engine, with its status byte."""

    def status_byte(self, message_available: bool) -> int:
        with self.world:
            return self.engine.status_byte(message_available)

    def interrupted(self) -> None:
        with self.world:
            self.engine.report(-410)


class HislipBench(EmulatedBench):
    """An emulated bench with two more servers; they end with the process."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.endpoints["hislip"] = {
            role: HislipServer(ScpiInstrument(engine, self.world), role).endpoint
            for role, engine in (("source", self.source.engine), ("analyzer", self.analyzer.engine))
            if isinstance(engine, ScpiEngine)
        }


if __name__ == "__main__":
    vars(emulation)["EmulatedBench"] = HislipBench
    raise SystemExit(emulation.main())
