"""Contradictions of the manual that leave no choice: only one reading can be meant, and the model has no other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settled:
    """What the manual says in two ways, what the model takes, and why nothing else can be meant."""

    subject: str
    contradiction: str
    taken: str
    reason: str
    pages: str


SETTLED: tuple[Settled, ...] = (
    Settled(
        "Number of Analog Inputs",
        "'52 Analog Input objects' in the text; AI1 to AI83 in the table and in Object_List",
        "83",
        "table and Object_List agree; 52 is the sister model without quadrants and export",
        "20, 23, 25",
    ),
    Settled(
        "Unit of AV11",
        "the table's range is '0, 10-32767', its unit hundredths of a second; the PICS has 1000 to 3276700",
        "0, or 1000 to 3276700 in multiples of 100, hundredths of a second",
        "10 s to 32767 s are the same range in seconds, and the default of 90000 is no number of the other one",
        "21, 24",
    ),
    Settled(
        "Pulse counters",
        "'both pulse counters'; there is one pulse input, and AI30 is reserved",
        "16498 clears AI29",
        "the second counter is the sister model's",
        "2, 26",
    ),
    Settled(
        "Device instance",
        "1 to 4,193,999 in PICS and table; 0 to 4,194,302 on the display's page",
        "1 to 4,193,999 may be written, and entered on the display",
        "PICS, table and page 11 agree, and page 11 is about the display too",
        "11, 16, 21, 22",
    ),
    Settled(
        "MAC address",
        "0 to 127 on the display; the default is 1",
        "set on the front panel, not by any object",
        "nothing on the bus can read or write it",
        "11, 16, 19",
    ),
    Settled(
        "Name of AI69",
        "Volts_AC, while the system types list the pair as CA",
        "Volts_AC, the RMS value of C-A",
        "the RMS value has no direction",
        "8, 27",
    ),
    Settled(
        "DM-DCB-B",
        "the PICS lists a building block that BACnet does not have",
        "DM-DOB-B (Who-Has)",
        "bit 33 of Protocol_Services_Supported is Who-Has, and no other block brings it",
        "20, 22",
    ),
    Settled(
        "Names of sister models",
        "'E51Hx', 'E51H5', 'E51H5 only' in a manual of the S4100",
        "what they say holds for the S4100",
        "it is the same meter under another label",
        "11, 20, 21",
    ),
    Settled(
        "Vendor",
        "Vendor_Name is Leviton Mfg., vendor identifier 133 is registered to the OEM",
        "both as printed",
        "one table says both",
        "22",
    ),
    Settled(
        "Writing AV11",
        "'when this object is written (E51H5 only)' stands in the PICS between AV11 and the Binary Inputs",
        "writing AV11 resets present demand and the logs",
        "it follows the paragraph of AV11, whose interval is the logs' and the demand's",
        "21",
    ),
    Settled(
        "Quadrants",
        "the manual numbers them without saying which is which",
        "Q1 import lagging, Q2 export with Q above 0, Q3 export with Q below 0, Q4 import leading",
        "the OEM's register list; it is the convention of IEC 62053-23 too",
        "25",
    ),
    Settled(
        "Maximum power of system types 10, 11, 12 and 31",
        "one worked value: 103.92 kW for type 40",
        "AV6 times AV3; in types 31 and 40 times the square root of three",
        "it is what the named inputs (system voltage, CT size, system type) give at unity power factor",
        "16, 19",
    ),
    Settled(
        "Time bases",
        "2520 samples a second, and a real-time clock without a battery; what either runs from is not said",
        "one oscillator: updates, demand, log stamps and the clock drift together, by the unit's clock error",
        "two would let the stamps of log records drift against the sub-intervals that they end",
        "1, 22, 29",
    ),
)
"""In the order of the reference."""
