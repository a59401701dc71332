"""Refuse confirmed requests to the rig's own device that it does not execute, by Reject or Abort.

bacpypes3 drops a request that it cannot decode, and its sender gets no answer. ASHRAE 135 clauses 5.4.5
and 18.9: an unknown service is rejected (unrecognized-service), so is a request that cannot be read; a segmented one
is aborted (segmentation-not-supported).
"""

from __future__ import annotations

from bacpypes3.apdu import APDU, AbortPDU, AbortReason, APCISequence, ConfirmedRequestPDU, RejectPDU, RejectReason
from bacpypes3.errors import RejectException
from bacpypes3.pdu import PCI, PDU

EXECUTED = (12, 14, 15)
"""ReadProperty, ReadPropertyMultiple, and WriteProperty, which is refused property by property."""


def refusal(pdu: PDU) -> APDU | None:
    """Return the answer to a confirmed request that is not executed; None for everything else. Leaves ``pdu`` alone."""
    copy = PDU(bytes(pdu.pduData))
    PCI.update(copy, pdu)
    try:
        apdu = APDU.decode(copy)
    except Exception:  # noqa: BLE001  (too short for a header: the address for an answer is not known)
        return None
    if not isinstance(apdu, ConfirmedRequestPDU):
        return None
    answer: APDU | None = None
    if apdu.apduSeg:
        answer = AbortPDU(srv=True, invoke_id=apdu.apduInvokeID, reason=AbortReason.segmentationNotSupported)
    elif apdu.apduService not in EXECUTED:
        answer = RejectPDU(invoke_id=apdu.apduInvokeID, reason=RejectReason.unrecognizedService)
    elif (reason := _unreadable(apdu)) is not None:
        answer = RejectPDU(invoke_id=apdu.apduInvokeID, reason=reason)
    if answer is not None:
        answer.pduDestination = pdu.pduSource
    return answer


def _unreadable(apdu: ConfirmedRequestPDU) -> RejectReason | None:
    try:
        APCISequence.decode(apdu)
    except RejectException as error:
        return RejectReason(error.rejectReason)
    except Exception:  # noqa: BLE001  (bacpypes3 raises many kinds for octets that are no request)
        return RejectReason(RejectReason.invalidTag)
    return None
