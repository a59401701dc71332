"""The manual's Analog_Value, Binary_Input, Device and trend-log tables (pages 19 to 24, 29), by hand; imports nothing.

Text is as printed; names and words broken over two lines are joined; "Al" is read as AI. Where the manual is plainly
misprinted (BI5 and BI6 carry BI4's name) it is kept as printed.
"""

# instance, name, description, R/W, NV, units, range, factory default
ANALOG_VALUES = (
    # page 23
    (1, "Config", "Configuration", "R/W", "", "n/a", "n/a", 'Always returns "0" when read'),
    (2, "System_Type", "System Type", "R/W", "NV", "n/a", "40, 31, 12, 11, 10", "40"),
    (3, "CT_Ratio_Primary", "CT Ratio - Primary", "R/W", "NV", "Amps", "5-32000", "100"),
    (4, "CT_Ratio_Secondary", "CT Ratio - Secondary", "R/W", "NV", "1/Volts", "1,3", "1"),
    # page 24
    (5, "PT_Ratio", "PT Ratio", "R/W", "NV", "Value", "0.01 - 320.0", "1"),
    (
        6,
        "System_Voltage",
        "System Voltage",
        "R/W",
        "NV",
        "Volts",
        "from 82 (times the PT_Ratio in AV5) to 660 (times the PT_Ratio in AV5 - absolute limits are 82-32000)",
        "600",
    ),
    (7, "Display_Units", "Display Units", "R/W", "NV", "n/a", "0,1", "1"),
    (8, "Phase_Loss_Voltage_Threshold", "Phase Loss Voltage Threshold", "R/W", "NV", "Percent", "1-99", "10"),
    (9, "Phase_Loss_Imbalance_Threshold", "Phase Loss Imbalance Threshold", "R/W", "NV", "Percent", "1-99", "25"),
    (10, "Subintervals", "Number of Subintervals Per Demand Interval", "R/W", "NV", "", "1-6", "1"),
    (11, "Subinterval_Length", "Subinterval Length", "R/W", "NV", "hundreths of a second", "0, 10-32767", "90000"),
)

# AV1: what may be written, and what it does (page 23)
COMMANDS = {
    30078: "clear all energy accumulators to 0 (All)",
    21211: "begin new Demand Sub-Interval calculation cycle and log another data value on Trend Log objects TL1-TL3",
    21212: "reset Max Demand values to Present Demand Values",
    16498: "clear pulse counters to 0",
}

# PICS, pages 20 and 21, "Property Range Restrictions": the values that each AV may take
ALLOWED = {1: (30078, 21211, 21212, 16498), 2: (10, 11, 12, 31, 40), 4: (1, 3), 7: (0, 1)}
# lowest, highest (inclusive)
PICS_RANGE = {3: (5, 32000), 5: (0.01, 320.0), 8: (1, 99), 9: (1, 99), 10: (1, 6)}
# "AV6/AV5 is from 82 to 660 (absolute range is 82-32000)"
AV6_OVER_AV5 = (82, 660)
AV6_ABSOLUTE = (82, 32000)
# "the value 0 or a value from 1000 to 3276700 in multiples of 100"
AV11_ZERO_OR = (1000, 3276700, 100)

# instance, name, description, R/W, range, additional information (page 29)
STATES = "0=INACTIVE, 1=ACTIVE"
_EXCEEDS = "Input Voltage exceeds meter's measurement range"
_LOSS = "voltage dropped below the Phase Loss Threshold set by user"
_LOW_PF = "Power Factor less than 50% (commonly due to mis-wiring of CTs/PTs to meter)"
BINARY_INPUTS = (
    (1, "Volts_Error_A", "Voltage Out of Range Phase A", "R", STATES, f"Phase A {_EXCEEDS}"),
    (2, "Volts_Error_B", "Voltage Out of Range Phase B", "R", STATES, f"Phase B {_EXCEEDS}"),
    (3, "Volts_Error_C", "Voltage Out of Range Phase C", "R", STATES, f"Phase C {_EXCEEDS}"),
    (4, "Current_Error_A", "Current Out of Range Phase A", "R", STATES, "Phase A Current out of range"),
    (5, "Current_Error_A", "Current Out of Range Phase B", "R", STATES, "Phase B Current out of range"),
    (6, "Current_Error_A", "Current Out of Range Phase C", "R", STATES, "Phase C Current out of range"),
    (7, "Frequency_Error", "Frequency Error", "R", STATES, "Phase A Frequency out of range"),
    (8, "Reserved_BI8", "Reserved", "R", STATES, 'Returns "INACTIVE"'),
    (9, "Phase_Loss_A", "Phase Loss Phase A", "R", STATES, f"Phase Loss - Phase A {_LOSS}"),
    (10, "Phase_Loss_B", "Phase Loss Phase B", "R", STATES, f"Phase Loss - Phase B {_LOSS}"),
    (11, "Phase_Loss_C", "Phase Loss Phase C", "R", STATES, f"Phase Loss - Phase C {_LOSS}"),
    (12, "Power_Factor_A", "Low Power Factor Phase A", "R", STATES, f"Phase A {_LOW_PF}"),
    (13, "Power_Factor_B", "Low Power Factor Phase B", "R", STATES, f"Phase B {_LOW_PF}"),
    (14, "Power_Factor_C", "Low Power Factor Phase C", "R", STATES, f"Phase C {_LOW_PF}"),
    (15, "RTC_Reset", "RTC Reset", "R", STATES, "Real-Time Clock reset. ... until a Time_Synchronization occurs."),
)

# property, R/W, NV, value returned (page 22); <...> is filled in by each meter
DEVICE = (
    ("Object_Identifier", "R/W", "NV", "Device <n>"),
    ("Object_Type", "R", "NV", "Device (8)"),
    ("Object_Name", "R", "NV", "Leviton S4100 Series Energy Meter - S/N: <serial number>"),
    ("Vendor_Name", "R", "NV", "Leviton Mfg."),
    ("Vendor_Identifier", "R", "NV", "133"),
    ("Model_Name", "R", "NV", "S4100 Energy Meter"),
    ("Firmware_Revision", "R", "NV", "<current revision #>"),
    ("Application_Software_Version", "R", "NV", "<current version #>"),
    ("Location", "R/W", "NV", "<location>"),
    ("Description", "R", "NV", "S4100 DIN-Rail Energy Meter S/N: <serial number>"),
    ("Protocol_Version", "R", "NV", "1"),
    ("Protocol_Revision", "R", "NV", "4"),  # printed "Protocol_Revsion"
    ("Local_Date", "R", "", "Date"),
    ("Local_Time", "R", "", "Time"),
    ("Segmentation_Supported", "R", "NV", "NO_SEGMENTATION (3)"),
    ("Max_Master", "R/W", "NV", "1-127 (Factory Default is 127)"),
    ("Max_Info_Frames", "R", "NV", "1"),
    ("Max_APDU_Length_Accepted", "R", "NV", "480"),
    ("APDU_Timeout", "R", "NV", "60000"),
    ("Number_of_APDU_Retries", "R", "NV", "0"),
    ("System_Status", "R", "NV", "Operational (0)"),
    ("Protocol_Services_Supported", "R", "NV", "0b0000000000001011010000000000000011110000"),
    ("Protocol_Object_Types_Supported", "R", "NV", "0b101100001000000000010000000000"),
    ("Object_List", "R", "NV", "DE1, AI1 to AI83, AV1 to AV11, BI1 to BI15, TL1, TL2, TL3"),
    ("Device_Address_Binding", "R", "NV", "{}"),
    ("Database_Revision", "R", "NV", "0"),  # printed "Database_Revsion"
)
DEFAULT_LOCATION = "Installed location not yet identified"
LOCATION_CHARACTERS = 64
WRITABLE_INSTANCES = (1, 4_193_999)
FACTORY_INSTANCES = (1_000_000, 3_097_151)

# The trend-log table is missing from the manual (its contents say page 31); this is what the PICS and page 23 say.
TREND_LOGS = (1, 2, 3)
TREND_LOG_WRITABLE = (
    "Log_Enable",
    "Start_Time",
    "Stop_Time",
    "Log_DeviceObjectProperty",
    "Log_Interval",
    "Stop_When_Full",
    "Record_Count",
)
LOGGABLE_INPUTS = (1, 75)
TREND_LOG_RECORDS = 5760

# BACnet engineering units (ASHRAE 135, BACnetEngineeringUnits) of the units that the manual prints; 95 is no-units.
# kVARh and kVAh report kWh ("The Units property of object AI4 reports that these units are kWh ...").
BACNET_UNITS = {
    "Amps": 3,
    "Volts": 5,
    "kVA": 9,
    "kVAR": 12,
    "kWh": 19,
    "kVARh": 19,
    "kVAh": 19,
    "Hz": 27,
    "kW": 48,
    "Percent": 98,
    "": 95,
    "n/a": 95,
    "1/Volts": 95,
    "Value": 95,
}
