"""One meter on one port of the hub."""

from rig.emulation.meter.node import MeterNodes


class MeterNode(MeterNodes):
    def __init__(self, meter, device, baud, mac, max_master, lock):
        super().__init__({mac: meter}, device, baud, max_master, lock)
        self.mac = mac
