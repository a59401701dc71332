"""The 83 Analog Input objects: the manual's table, pages 25 to 28, one row an object."""

from __future__ import annotations

from typing import Literal

from meter_model.objects.point import MAX_POWER, REAL_MAX, Point, units_number

_Row = tuple[int, str, str, str, bool, float | None, float | Literal["max_power"] | None, str, str]

# Line breaks of the manual's narrow columns are undone ("KWh_ Import_A" is KWh_Import_A); names that it prints with a
# space in a wide enough column ("Current Average", "Pulse Count") keep it.
# instance, name, description, unit, non-volatile, low, high, quantity, phase
# fmt: off
_ROWS: tuple[_Row, ...] = (
    (1, "KWh_Net", "Accumulated Real Energy: Net (Import - Export)", "kWh", True, -REAL_MAX, REAL_MAX, "E_NET", ""),
    (2, "KWh_Import", "Real Energy Import", "kWh", True, 0.0, REAL_MAX, "E_IMPORT", ""),
    (3, "KWh_Export", "Real Energy Export", "kWh", True, 0.0, REAL_MAX, "E_EXPORT", ""),
    (4, "KVARh_Q1", "Reactive Energy Quadrant 1", "kVARh", True, 0.0, REAL_MAX, "EQ_Q1", ""),
    (5, "KVARh_Q2", "Reactive Energy Quadrant 2", "kVARh", True, 0.0, REAL_MAX, "EQ_Q2", ""),
    (6, "KVARh_Q3", "Reactive Energy Quadrant 3", "kVARh", True, 0.0, REAL_MAX, "EQ_Q3", ""),
    (7, "KVARh_Q4", "Reactive Energy Quadrant 4", "kVARh", True, 0.0, REAL_MAX, "EQ_Q4", ""),
    (8, "Net_KVAh", "Apparent Energy: Net (Import - Export)", "kVAh", True, -REAL_MAX, REAL_MAX, "ES_NET", ""),
    (9, "KVAh_Import", "Apparent Energy Import", "kVAh", True, 0.0, REAL_MAX, "ES_IMPORT", ""),
    (10, "KVAh_Export", "Apparent Energy Export", "kVAh", True, 0.0, REAL_MAX, "ES_EXPORT", ""),
    (11, "KW_Total", "Total Instantaneous Real Power", "kW", False, 0.0, MAX_POWER, "P", ""),
    (12, "KVAR_Total", "Total Instantaneous Reactive Power", "kVAR", False, 0.0, MAX_POWER, "Q", ""),
    (13, "KVA_Total", "Total Instantaneous Apparent Power", "kVA", False, 0.0, MAX_POWER, "S", ""),
    (14, "PF_Total", "Total Power Factor", "", False, -1.0, 1.0, "PF", ""),
    (15, "Volts_LL_Avg", "Voltage, L-L, Average of Active Phases", "Volts", False, None, None, "V_LL", ""),
    (16, "Volts_LN_Avg", "Voltage, L-N, Average of Active Phases", "Volts", False, None, None, "V_LN", ""),
    (17, "Current Average", "Current, Average of Active Phases", "Amps", False, None, None, "I", ""),
    (18, "Frequency", "Frequency", "Hz", False, 45.0, 65.0, "F", ""),
    (19, "KW_Present_Demand", "Total Real Power Present Demand", "kW", False, 0.0, MAX_POWER, "DEMAND_P", ""),
    (20, "KVAR_Present_Demand", "Total Reactive Power Present Demand", "kVAR", False, 0.0, MAX_POWER, "DEMAND_Q", ""),
    (21, "KVA_Present_Demand", "Total Apparent Power Present Demand", "kVA", False, 0.0, MAX_POWER, "DEMAND_S", ""),
    (22, "KW_Max_Demand_Import", "Total Real Power Max Demand Import", "kW", True, 0.0, MAX_POWER, "MAX_IMPORT_P", ""),
    (23, "KVAR_Max_Demand_Import", "Total Reactive Power Max Demand Import",
     "kVAR", True, 0.0, MAX_POWER, "MAX_IMPORT_Q", ""),
    (24, "KVA_Max_Demand_Import", "Total Apparent Power Max Demand Import",
     "kVA", True, 0.0, MAX_POWER, "MAX_IMPORT_S", ""),
    (25, "KW_Max_Demand_Export", "Total Real Power Max Demand Export", "kW", True, 0.0, MAX_POWER, "MAX_EXPORT_P", ""),
    (26, "KVAR_Max_Demand_Export", "Total Reactive Power Max Demand Export",
     "kVAR", True, 0.0, MAX_POWER, "MAX_EXPORT_Q", ""),
    (27, "KVA_Max_Demand_Export", "Total Apparent Power Max Demand Export",
     "kVA", True, 0.0, MAX_POWER, "MAX_EXPORT_S", ""),
    (28, "Reserved_AI28", "(Reserved_AI28)", "", False, None, None, "RESERVED", ""),
    (29, "Pulse Count", "Pulse Count", "", False, 0.0, 4294967040.0, "PULSES", ""),
    (30, "Reserved", "Reserved", "", False, 0.0, 4294967040.0, "RESERVED", ""),
    (31, "KWh_Import_A", "Real Energy Import Phase A", "kWh", True, 0.0, REAL_MAX, "E_IMPORT", "A"),
    (32, "KWh_Import_B", "Real Energy Import Phase B", "kWh", True, 0.0, REAL_MAX, "E_IMPORT", "B"),
    (33, "KWh_Import_C", "Real Energy Import Phase C", "kWh", True, 0.0, REAL_MAX, "E_IMPORT", "C"),
    (34, "KWh_Export_A", "Real Energy Export Phase A", "kWh", True, 0.0, REAL_MAX, "E_EXPORT", "A"),
    (35, "KWh_Export_B", "Real Energy Export Phase B", "kWh", True, 0.0, REAL_MAX, "E_EXPORT", "B"),
    (36, "KWh_Export_C", "Real Energy Export Phase C", "kWh", True, 0.0, REAL_MAX, "E_EXPORT", "C"),
    (37, "KVARh_Q1_A", "Reactive Energy Q1 Phase A", "kVARh", True, 0.0, REAL_MAX, "EQ_Q1", "A"),
    (38, "KVARh_Q1_B", "Reactive Energy Q1 Phase b", "kVARh", True, 0.0, REAL_MAX, "EQ_Q1", "B"),
    (39, "KVARh_Q1_C", "Reactive Energy Q1 Phase C", "kVARh", True, 0.0, REAL_MAX, "EQ_Q1", "C"),
    (40, "KVARh_Q2_A", "Reactive Energy Q2 Phase A", "kVARh", True, 0.0, REAL_MAX, "EQ_Q2", "A"),
    (41, "KVARh_Q2_B", "Reactive Energy Q2 Phase B", "kVARh", True, 0.0, REAL_MAX, "EQ_Q2", "B"),
    (42, "KVARh_Q2_C", "Reactive Energy Q2 Phase C", "kVARh", True, 0.0, REAL_MAX, "EQ_Q2", "C"),
    (43, "KVARh_Q3_A", "Reactive Energy Q3 Phase A", "kVARh", True, 0.0, REAL_MAX, "EQ_Q3", "A"),
    (44, "KVARh_Q3_B", "Reactive Energy Q3 Phase B", "kVARh", True, 0.0, REAL_MAX, "EQ_Q3", "B"),
    (45, "KVARh_Q3_C", "Reactive Energy Q3 Phase C", "kVARh", True, 0.0, REAL_MAX, "EQ_Q3", "C"),
    (46, "KVARh_Q4_A", "Reactive Energy Q4 Phase A", "kVARh", True, 0.0, REAL_MAX, "EQ_Q4", "A"),
    (47, "KVARh_Q4_B", "Reactive Energy Q4 Phase b", "kVARh", True, 0.0, REAL_MAX, "EQ_Q4", "B"),
    (48, "KVARh_Q4_C", "Reactive Energy Q4 Phase C", "kVARh", True, 0.0, REAL_MAX, "EQ_Q4", "C"),
    (49, "KVAh_Import_A", "Apparent Energy Import Phase A", "kVAh", True, 0.0, REAL_MAX, "ES_IMPORT", "A"),
    (50, "KVAh_Import_B", "Apparent Energy Import Phase B", "kVAh", True, 0.0, REAL_MAX, "ES_IMPORT", "B"),
    (51, "KVAh_Import_C", "Apparent Energy Import Phase C", "kVAh", True, 0.0, REAL_MAX, "ES_IMPORT", "C"),
    (52, "KVAh_Export_A", "Apparent Energy Export Phase A", "kVAh", True, 0.0, REAL_MAX, "ES_EXPORT", "A"),
    (53, "KVAh_Export_B", "Apparent Energy Export Phase B", "kVAh", True, 0.0, REAL_MAX, "ES_EXPORT", "B"),
    (54, "KVAh_Export_C", "Apparent Energy Export Phase C", "kVAh", True, 0.0, REAL_MAX, "ES_EXPORT", "C"),
    (55, "KW_A", "Real Power Phase A", "kW", False, 0.0, MAX_POWER, "P", "A"),
    (56, "KW_B", "Real Power Phase B", "kW", False, 0.0, MAX_POWER, "P", "B"),
    (57, "KW_C", "Real Power Phase C", "kW", False, 0.0, MAX_POWER, "P", "C"),
    (58, "KVAR_A", "Reactive Power Phase A", "kVAR", False, 0.0, MAX_POWER, "Q", "A"),
    (59, "KVAR_B", "Reactive Power Phase B", "kVAR", False, 0.0, MAX_POWER, "Q", "B"),
    (60, "KVAR_C", "Reactive Power Phase C", "kVAR", False, 0.0, MAX_POWER, "Q", "C"),
    (61, "KVA_A", "Apparent Power Phase A", "kVA", False, 0.0, MAX_POWER, "S", "A"),
    (62, "KVA_B", "Apparent Power Phase B", "kVA", False, 0.0, MAX_POWER, "S", "B"),
    (63, "KVA_C", "Apparent Power Phase C", "kVA", False, 0.0, MAX_POWER, "S", "C"),
    (64, "PF_A", "Power Factor Phase A", "", False, -1.0, 1.0, "PF", "A"),
    (65, "PF_B", "Power Factor Phase B", "", False, -1.0, 1.0, "PF", "B"),
    (66, "PF_C", "Power Factor Phase C", "", False, -1.0, 1.0, "PF", "C"),
    (67, "Volts_AB", "Voltage Phase A-B", "Volts", False, None, None, "V_LL", "AB"),
    (68, "Volts_BC", "Voltage Phase B-C", "Volts", False, None, None, "V_LL", "BC"),
    (69, "Volts_AC", "Voltage Phase A-C", "Volts", False, None, None, "V_LL", "CA"),
    (70, "Volts_AN", "Voltage Phase A-N", "Volts", False, None, None, "V_LN", "A"),
    (71, "Volts_BN", "Voltage Phase B-N", "Volts", False, None, None, "V_LN", "B"),
    (72, "Volts_CN", "Voltage Phase C-N", "Volts", False, None, None, "V_LN", "C"),
    (73, "Current_A", "Current Phase A", "Amps", False, None, None, "I", "A"),
    (74, "Current_B", "Current Phase B", "Amps", False, None, None, "I", "B"),
    (75, "Current_C", "Current Phase C", "Amps", False, None, None, "I", "C"),
    (76, "Max_Power", "Max Power", "kW", True, None, None, "P_MAX", ""),
    (77, "Reserved_AI77", "(Reserved AI77)", "", False, None, None, "RESERVED", ""),
    (78, "Energy_Resets", "Count of Energy_Resets", "", True, None, None, "ENERGY_RESETS", ""),
    (79, "Reserved_AI79", "(Reserved AI79)", "", False, None, None, "RESERVED", ""),
    (80, "Reserved_AI80", "(Reserved AI80)", "", False, None, None, "RESERVED", ""),
    (81, "Power_Up_Count", "Count of Power Up Cycles", "", True, None, None, "POWER_UPS", ""),
    (82, "Output_Config", "Output Configuration", "", True, 0.0, 15.0, "OUTPUT_CONFIG", ""),
    (83, "Alarm_Bitmap", "Alarm Bitmap (all of BI1-BI15)", "", True, None, None, "ALARMS", ""),
)
# fmt: on

_NOTES = {
    18: "Returns QNAN if frequency is out of range (or no voltage input present on Phase A)",
    28: "Returns QNAN or any value",
    29: "Running count of contact closures on Pulse Input 1 since last reset; AV1 = 16498 resets it",
    77: "Returns QNAN or any value",
    79: "Returns QNAN or any value",
    80: "Returns QNAN or any value",
    82: 'returns "11"',
}


def _page(instance: int) -> int:
    return 25 if instance <= 18 else 26 if instance <= 38 else 27 if instance <= 64 else 28


ANALOG_INPUTS: tuple[Point, ...] = tuple(
    Point(
        kind="AI",
        instance=instance,
        name=name,
        description=description,
        unit=unit,
        bacnet_units=units_number(unit),
        nv=nv,
        low=low,
        high=high,
        quantity=quantity,
        phase=phase,
        page=_page(instance),
        note=_NOTES.get(instance, ""),
    )
    for instance, name, description, unit, nv, low, high, quantity, phase in _ROWS
)
"""AI1 to AI83 in order. None is writable."""
