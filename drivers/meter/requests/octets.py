"""Requests with parameters as octets, and acknowledgements as octets.

bacpypes3 takes 5 ms to decode one full answer and 2 ms to make and encode its request, as long as 50 octets take on
the wire. Where a snapshot ends and where it begins nothing is on the wire meanwhile, so its requests are coded here.
"""

from __future__ import annotations

from typing import Any, Self

from bacpypes3.apdu import ComplexAckPDU, ConfirmedRequestPDU
from bacpypes3.app import Application
from bacpypes3.appservice import ApplicationServiceAccessPoint
from bacpypes3.comm import ServiceAccessPoint, bind
from bacpypes3.local.device import DeviceObject
from bacpypes3.netservice import NetworkServiceAccessPoint, NetworkServiceElement
from bacpypes3.pdu import PDU

from drivers.meter.requests.refusals import refusal


class OctetsRequest(ConfirmedRequestPDU):
    """A confirmed request of ``service`` (its number) with parameters encoded; ``text`` says what it is.

    The answer to it is a ComplexAckPDU with its parameters in ``pduData``; refusals come as those of any request.
    """

    def __init__(self, service: int, octets: bytes, text: str) -> None:
        super().__init__(service, None, octets)
        self.text = text

    def __str__(self) -> str:
        return self.text


class _AccessPoint(ApplicationServiceAccessPoint):
    """bacpypes3's access point, but what is asked for as octets goes up as it came."""

    def __init__(self, device: DeviceObject, *arguments: Any) -> None:
        super().__init__(device, *arguments)
        self.as_octets: set[tuple[bytes, int]] = set()

    async def confirmation(self, pdu: PDU) -> None:
        """Answer a request that is not executed here; bacpypes3 takes everything else."""
        answer = refusal(pdu)
        if answer is None:
            await super().confirmation(pdu)
        else:
            await self.request(answer)

    async def sap_response(self, apdu: Any) -> None:
        if isinstance(apdu, ComplexAckPDU) and (apdu.pduSource.addrAddr, apdu.apduInvokeID) in self.as_octets:
            await ServiceAccessPoint.sap_response(self, apdu)
        else:
            await super().sap_response(apdu)


class OctetsApplication(Application):
    """bacpypes3's application that knows ``OctetsRequest``."""

    asap: _AccessPoint

    @classmethod
    def of(cls, device: DeviceObject) -> Self:
        """Make the application of ``device``, without a network port object, as ``from_object_list`` does."""
        application = cls()
        application.asap = _AccessPoint(device, application.device_info_cache)
        application.nsap = NetworkServiceAccessPoint()
        application.nse = NetworkServiceElement()
        bind(application.nse, application.nsap)
        bind(application, application.asap, application.nsap)
        application.add_object(device)
        return application

    def request(self, apdu: Any) -> Any:
        """Send a request; the future of an OctetsRequest gives its ComplexAckPDU undecoded."""
        future = super().request(apdu)
        if isinstance(apdu, OctetsRequest):
            key = (apdu.pduDestination.addrAddr, apdu.apduInvokeID)
            self.asap.as_octets.add(key)
            future.add_done_callback(lambda _: self.asap.as_octets.discard(key))
        return future
