"""One meter on one port of the hub."""

from meter_model.device.meter import S4100
from meter_model.device.panel_settings import PANEL_BAUD_RATES, PanelSettings
from rig.emulation.meter.node import MeterNodes


class MeterNode(MeterNodes):
    def __init__(self, meter, device, baud, mac, max_master, lock):
        if isinstance(meter, S4100):
            meter.store_panel_settings(PanelSettings(mac, baud) if baud in PANEL_BAUD_RATES else PanelSettings(mac))
        else:
            meter.communications = mac, baud
        super().__init__([meter], device, baud, max_master, lock)
        self.mac = mac
