"""Putting volts on the terminals of an instrument bench, through its source."""

SHIFTS = (0.0, -120.0, 120.0)


def energise(bench, volts=277.0, ct_drive=8.0, angle_deg=-60.0):
    """Give a balanced load of ``ct_drive`` volts at the dividers, ``angle_deg`` behind (negative) the voltages."""
    source = bench.client("source")
    source.write("FREQ 60")
    for phase, shift in enumerate(SHIFTS, start=1):
        angle = (shift + angle_deg + 180.0) % 360.0 - 180.0
        source.write(f"PHAS{phase}:VOLT:RANG 0,360;MHAR:HARM1 {volts},{shift};:PHAS{phase}:VOLT:STAT ON")
        source.write(f"PHAS{phase}:CURR:RANG:VOLT 1,10;:PHAS{phase}:CURR:MHAR:HARM1 {ct_drive},{angle}")
        source.write(f"PHAS{phase}:CURR:STAT ON")
    source.write("OUTP ON")
    assert source.query("SYST:ERR?") == '0,"No error"'
    bench.world.sleep(1.0)
    return source
