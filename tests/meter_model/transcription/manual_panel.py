"""The manual's text about display and buttons (pages 8, 11, 12, 13, 16, 17, 19, 21, 31), by hand; imports nothing.

The figures (product and display diagrams, data, alert, reset and setup screens) have no text. Where two pages differ
both are kept.
"""

# page 12, "User Interface (UI) Menu Abbreviations Defined": IEC, IEEE, description, in the printed order
ABBREVIATIONS = (
    ("D", "D", "Demand"),
    ("MAX", "M", "Maximum Demand"),
    ("P", "W", "Present Real Power"),
    ("Q", "VAR", "Present Reactive Power"),
    ("S", "VA", "Present Apparent Power"),
    ("A", "A", "Amps"),
    ("UAB, UBC, UAC", "VAB, VBC, VAC", "Voltage Line to Line"),
    ("V", "VLN", "Voltage Line to Neutral"),
    ("PF", "PF", "Power Factor"),
    ("U", "VLL", "Voltage Line to Line"),
    ("HZ", "HZ", "Frequency"),
    ("KSh", "KVAh", "Accumulated Apparent Energy"),
    ("KQh", "KVARh", "Accumulated Reactive Energy"),
    ("KPh", "KWh", "Accumulated Real Energy"),
    ("PLOSS", "PLOSS", "Phase Loss"),
    ("LOWPF", "LOWPF", "Low Power Factor Error"),
    ("F ERR", "F ERR", "Frequency Error"),
    ("I OVR", "I OVR", "Over Current"),  # the printed IOVR has no blank; V OVR below it has
    ("V OVR", "V OVR", "Over Voltage"),
    ("PULSE", "PULSE", "kWh Pulse Output Overrun (configuration error)"),
    ("_PHASE", "_PHASE", "Summary Data for 1, 2, or 3 active phases"),
    ("ALERT", "ALERT", "Diagnostic Alert Status"),
    ("INFO", "INFO", "Unit Information"),
    ("MODEL", "MODEL", "Model Number"),
    ("OS", "OS", "Operating System"),
    ("RS", "RS", "Reset System"),
    ("SN", "SN", "Serial Number"),
    ("RESET", "RESET", "Reset Data"),
    ("PASWD", "PASWD", "Enter Reset or Setup Password"),
    ("ENERG", "ENERG", "Reset Energy Accumulators"),
    ("DEMND", "DEMND", "Reset Demand Maximums"),
)

# Which Analog Input (pages 25 to 28) each abbreviation of a measured value is: totals or averages, phases A, B, C
TOTALS = {"W": 11, "VAR": 12, "VA": 13, "A": 17, "VLL": 15, "VLN": 16, "PF": 14, "HZ": 18}
PHASES = {
    "W": (55, 56, 57),
    "VAR": (58, 59, 60),
    "VA": (61, 62, 63),
    "A": (73, 74, 75),
    "VLN": (70, 71, 72),
    "PF": (64, 65, 66),
}
LINE_VOLTAGES = {"VAB": 67, "VBC": 68, "VAC": 69}
PRESENT_DEMAND = {"W": 19, "VAR": 20, "VA": 21}
MAXIMUM_DEMAND = {"W": 22, "VAR": 23, "VA": 24}
NET_ENERGY = {"KWh": ((1, 1),), "KVARh": ((4, 1), (5, 1), (6, -1), (7, -1)), "KVAh": ((8, 1),)}

# pages 29 and 12: which alerts an abbreviation is about
ALERTS = {
    "PLOSS": (9, 10, 11),
    "LOWPF": (12, 13, 14),
    "F ERR": (7,),
    "I OVR": (4, 5, 6),
    "V OVR": (1, 2, 3),
    "PULSE": (),
}

# pages 13 and 14: "energy starts out as Wh, then switches to kWh, MWh, and eventually GWh"
ENERGY_UNITS = ("Wh", "kWh", "MWh", "GWh")

# page 8
NOT_VALID = "----"

# page 11: "Press ... to get to the PASWD screen. Enter your password (the default is OOOOO). ... move to the first
# Setup screen (S BAC)"; pages 16 and 17: heading where the text has it, screens, range, default (pages 11, 16, 19)
SETUP = (
    ("S BAC", "MAC", "0 - 127", "001"),
    ("S BAC", "KBAUD", "9600, 19200, 38400, 76800, 115200", "76.8"),
    ("S BAC", "ID1", "most significant four digits", ""),
    ("S BAC", "ID2", "least significant three digits", ""),
    ("S CT", "CT V", "1.0 or .33", "1.0"),
    ("S CT", "CT SZ", "5 - 32000", "100"),
    ("S SYS", "SYSTM", "3L-1n, 3L, 2L-1n, 2L, 1L-1n", "3L-1n"),
    ("", "RATIO", "0.01 - 320.0", "1"),
    ("", "V LL", "82 - 32000", "600"),
    ("", "MX KW", "read only", "103.92"),
    ("", "VOLTS", "fraction", "0.10"),
    ("", "IMBAL", "fraction", "0.25"),
    ("", "INTRV", "1 - 6", "1"),
    ("", "SEC", "0, 10 - 32767", "900"),
    ("", "UNITS", "IEEE, IEC", "IEEE"),  # the name is not printed: "Set Display Units: +/- to switch between"
    ("", "SETUP", "password", "00000"),
    ("", "RESET", "password", "00000"),
)
OTHER_NAMES = {"MAC": "ADDR", "KBAUD": "BAUD", "V LL": "V LN"}  # page 16; V LN in system type 10

# page 16: System, "Reg 130"
SYSTEM_TYPES = {"3L-1n": 40, "3L": 31, "2L-1n": 12, "2L": 11, "1L-1n": 10}

# page 11: two pairs of keys; page 16: "+ increments the selected (blinking) digit. - selects the digit to the left."
KEYS = 4
