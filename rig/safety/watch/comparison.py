"""Compare the analyzer's measurement with the source's setting: on the way up, and after each change."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.analyzer.base import AnalyzerReading
from meter_model.stimulus import Stimulus
from rig.load_point import PHASE_NAMES, three
from rig.safety.errors import OutputWrong
from rig.safety.limits import rms

OVERSHOOT = 0.03
"""How far above its final value a voltage may be seen on the way up, as a part of it."""

ARRIVED = 0.03
"""How near to its final value a voltage counts as arrived."""

GONE_BELOW = 0.8
"""Below this part of its set-point a voltage is not just outside reference conditions: it is not there."""

CURRENT_TOLERANCE = 0.05
"""How near to its set-point a CT input counts as right, as a part of it; finds wrong leads, judges nothing."""

LAGGING = 0.1
"""How far a voltage may lag behind the others on the way up, as a part of its final value."""

_RISE_MARGIN = 1.2
_FLOOR_V = 2.0
_CT_FLOOR_PART = 0.005
_RANGE_FLOOR_PART = 0.01
_SEQUENCE_TOLERANCE_DEG = 10.0
_FREQUENCY_TOLERANCE = 0.005
FREQUENCY_MOVED = 0.02
"""How far a frequency may be from what was confirmed, as a part of it: more is another program of the source."""

_LEADS = "check the leads, the ratio in the bench file and the source"


def check_over_range(reading: AnalyzerReading, target: Stimulus) -> None:
    """Refuse an input that is over range, whose range holds what is wanted with room to spare; raises OutputWrong."""
    for place, (name, element) in enumerate(zip(PHASE_NAMES, reading.elements, strict=True)):
        for is_over, what, spectrum in (
            (element.u_over, f"voltage {name}", target.voltages[place]),
            (element.i_over, f"CT input {name}", target.ct_inputs[place]),
        ):
            if is_over:
                wanted = f"{rms(spectrum):.4g} V" if spectrum else "nothing"
                raise OutputWrong(what, "over the analyzer's range", wanted, _LEADS)


def check_not_above(reading: AnalyzerReading, targets: Sequence[Stimulus], limit_v: float | None) -> None:
    """Refuse a voltage above its highest value in ``targets`` (plus overshoot) or above ``limit_v`` rms.

    Raises OutputWrong.
    """
    for place, (name, element) in enumerate(zip(PHASE_NAMES, reading.elements, strict=True)):
        highest = max(rms(target.voltages[place]) for target in targets) * (1.0 + OVERSHOOT) + _FLOOR_V
        if limit_v is not None:
            highest = min(highest, limit_v * (1.0 + OVERSHOOT))
        if element.u_v is not None and element.u_v > highest:
            raise OutputWrong(f"voltage {name}", f"{element.u_v:.4g} V", f"at most {highest:.4g} V", _LEADS)


def check_inputs_not_above(
    reading: AnalyzerReading, targets: Sequence[Stimulus], ct_secondary_v: float, limit_v: float | None
) -> None:
    """Refuse a CT input above its highest value in ``targets`` (plus tolerance) or above ``limit_v`` rms.

    Raises OutputWrong.
    """
    for place, (name, element) in enumerate(zip(PHASE_NAMES, reading.elements, strict=True)):
        wanted = max(rms(target.ct_inputs[place]) for target in targets)
        highest = wanted * (1.0 + CURRENT_TOLERANCE) + _CT_FLOOR_PART * ct_secondary_v
        if limit_v is not None:
            highest = min(highest, limit_v * (1.0 + OVERSHOOT))
        if element.i is not None and element.i > highest:
            raise OutputWrong(f"CT input {name}", f"{element.i:.4g} V", f"at most {highest:.4g} V", _LEADS)


def check_rise(reading: AnalyzerReading, since_s: float, rise_v_per_s: float) -> None:
    """Refuse a voltage higher than it can be ``since_s`` seconds after it began to rise; raises OutputWrong.

    Time counts from before the command to the source until after the data set arrived, so a rise is only ever
    underestimated.
    """
    highest = rise_v_per_s * since_s * _RISE_MARGIN + _FLOOR_V
    for name, element in zip(PHASE_NAMES, reading.elements, strict=True):
        if element.u_v is not None and element.u_v > highest:
            raise OutputWrong(
                f"voltage {name} after {since_s:.2g} s on its way up",
                f"{element.u_v:.4g} V",
                f"at most {highest:.4g} V",
                "the source does not ramp as programmed",
            )


def check_rising_together(reading: AnalyzerReading, target: Stimulus) -> None:
    """Refuse a phase that stays behind on the way up: a lead that is off, or at a wrong terminal; raises OutputWrong.

    Sources either bring all phases up in the same time, or at the same volts a second, so that low ones arrive first.
    Either way the phase with most to go is behind no other in volts, and no other is behind it in parts of its final
    value.
    """
    goals = [rms(spectrum) for spectrum in target.voltages]
    volts = [element.u_v for element in reading.elements]
    leader = goals.index(max(goals))
    first = volts[leader]
    if goals[leader] == 0.0 or first is None:
        return
    for place, (name, found, goal) in enumerate(zip(PHASE_NAMES, volts, goals, strict=True)):
        if place == leader or goal == 0.0 or found is None:
            continue
        expected = (first / goals[leader] - LAGGING) * goal - _FLOOR_V
        if found < expected:
            raise OutputWrong(f"voltage {name} on the way up", f"{found:.4g} V", f"{expected:.4g} V or more", _LEADS)
        if first < found - LAGGING * goals[leader] - _FLOOR_V:
            behind = f"voltage {PHASE_NAMES[leader]} on the way up"
            raise OutputWrong(behind, f"{first:.4g} V", f"{found:.4g} V, as phase {name} has,", _LEADS)


def check_still_there(reading: AnalyzerReading, target: Stimulus) -> None:
    """Refuse a voltage that has gone away: a source that tripped, or was switched off; raises OutputWrong."""
    for name, element, spectrum in zip(PHASE_NAMES, reading.elements, target.voltages, strict=True):
        lowest = rms(spectrum) * GONE_BELOW
        if element.u_v is not None and element.u_v < lowest:
            advice = "the source tripped or was switched off, or a lead came off"
            raise OutputWrong(f"voltage {name}", f"{element.u_v:.4g} V", f"{rms(spectrum):.4g} V", advice)


def check_inputs_still_there(reading: AnalyzerReading, target: Stimulus, ct_secondary_v: float) -> None:
    """Refuse a CT input whose signal has gone away, or most of it; raises OutputWrong."""
    for name, element, spectrum in zip(PHASE_NAMES, reading.elements, target.ct_inputs, strict=True):
        wanted = rms(spectrum)
        if element.i is not None and element.i < wanted * GONE_BELOW - _CT_FLOOR_PART * ct_secondary_v:
            raise OutputWrong(f"CT input {name}", f"{element.i:.4g} V", f"{wanted:.4g} V", _LEADS)


def check_frequency_still(reading: AnalyzerReading, target: Stimulus) -> None:
    """Refuse a frequency that was changed after it was confirmed; raises OutputWrong.

    It is that of the first phase that is fed with a sine: with harmonics an analyzer may count more crossings.
    """
    fed = next((place for place, spectrum in enumerate(target.voltages) if spectrum), None)
    found = None if fed is None else reading.elements[fed].frequency_hz
    if fed is None or found is None or len(target.voltages[fed]) > 1:
        return
    if abs(found - target.frequency_hz) > FREQUENCY_MOVED * target.frequency_hz:
        raise OutputWrong(
            "frequency", f"{found:.4g} Hz", f"{target.frequency_hz:g} Hz", "another program of the source"
        )


def check_angles(reading: AnalyzerReading, target: Stimulus, judged: tuple[tuple[bool, ...], tuple[bool, ...]]) -> None:
    """Refuse what is turned against voltage A; ``judged``: which voltages and CT inputs have an angle. OutputWrong."""
    for what, angles, wanted, are_judged in (
        ("voltage", [e.u_phase_deg for e in reading.elements], target.voltages, judged[0]),
        ("CT input", [e.i_phase_deg for e in reading.elements], target.ct_inputs, judged[1]),
    ):
        for name, angle_deg, spectrum, is_judged in zip(PHASE_NAMES, angles, wanted, are_judged, strict=True):
            if is_judged and spectrum:
                _check_angle(f"angle of {what} {name}", angle_deg, spectrum[0].phase_deg)


def _check_angle(what: str, found_deg: float | None, wanted_deg: float) -> None:
    if _is_off(found_deg, wanted_deg):
        said = "no valid data" if found_deg is None else f"{found_deg:.1f} degrees"
        raise OutputWrong(what, said, f"{_wrapped(wanted_deg):.1f} degrees", _LEADS)


def has_arrived(reading: AnalyzerReading, target: Stimulus) -> bool:
    """Whether every voltage is near its final value."""
    return all(
        element.u_v is not None and abs(element.u_v - rms(spectrum)) <= rms(spectrum) * ARRIVED + _FLOOR_V
        for element, spectrum in zip(reading.elements, target.voltages, strict=True)
    )


def volts_seen(reading: AnalyzerReading) -> str:
    """The three voltages in words."""
    return " / ".join("none" if e.u_v is None else f"{e.u_v:.4g} V" for e in reading.elements)


def check_sequence_and_frequency(reading: AnalyzerReading, target: Stimulus) -> None:
    """Confirm the angles of the voltages and the frequency before any current flows; raises OutputWrong.

    The frequency is that of the first phase that is to be fed, where the analyzer has one. Without phase A, to whose
    voltage the analyzer refers all angles, there are none to compare. Where no phase is to be fed there is nothing to
    confirm.
    """
    fed = [place for place, spectrum in enumerate(target.voltages) if spectrum]
    if not fed:
        return
    found = reading.elements[fed[0]].frequency_hz
    if found is None and fed[0] != 0:
        return  # an analyzer may take its frequency from the voltage of phase A alone
    if found is None or abs(found - target.frequency_hz) > _FREQUENCY_TOLERANCE * target.frequency_hz:
        said = "no valid data" if found is None else f"{found:.6g} Hz"
        raise OutputWrong("frequency", said, f"{target.frequency_hz:g} Hz", "check the source")
    if fed[0] != 0:
        return
    deviating = [
        (name, element.u_phase_deg, spectrum[0].phase_deg)
        for name, element, spectrum in zip(PHASE_NAMES, reading.elements, target.voltages, strict=True)
        if spectrum and _is_off(element.u_phase_deg, spectrum[0].phase_deg)
    ]
    if deviating:
        name, angle, wanted = deviating[0]
        said = "no valid data" if angle is None else f"{angle:.1f} degrees"
        swapped = [n for n, _, _ in deviating] == ["B", "C"]
        advice = "the rotation is A-C-B: two voltage leads are swapped" if swapped else _LEADS
        raise OutputWrong(f"angle of voltage {name}", said, f"{wanted:.1f} degrees", advice)


def check_inputs(
    reading: AnalyzerReading, target: Stimulus, ct_secondary_v: float, ranges_v: Sequence[float] | None
) -> None:
    """Refuse a CT input whose volts are not what was meant to be there; raises OutputWrong.

    ``ranges_v``: of the analyzer's inputs, whose own error bounds how small a signal can be compared.
    """
    for place, (name, element) in enumerate(zip(PHASE_NAMES, reading.elements, strict=True)):
        wanted, floor_v = rms(target.ct_inputs[place]), _CT_FLOOR_PART * ct_secondary_v
        if wanted and ranges_v is not None:
            floor_v = min(floor_v, _RANGE_FLOOR_PART * ranges_v[place])
        if element.i is not None and abs(element.i - wanted) > wanted * CURRENT_TOLERANCE + floor_v:
            raise OutputWrong(f"CT input {name}", f"{element.i:.4g} V", f"{wanted:.4g} V", _LEADS)


def range_request(targets: Sequence[Stimulus]) -> tuple[float, tuple[float, float, float] | None]:
    """Rms values that the analyzer's ranges must hold for all ``targets``: volts, and volts at the three CT inputs.

    A CT input without current is given the range of the largest one: a wrong lead must be seen, not be over range.
    None where no input carries anything.
    """
    volts = max((rms(spectrum) for target in targets for spectrum in target.voltages), default=0.0)
    inputs = [max(rms(target.ct_inputs[phase]) for target in targets) for phase in range(3)]
    largest = max(inputs)
    if largest == 0.0:
        return volts, None
    return volts, three(value or largest for value in inputs)


def _is_off(angle_deg: float | None, wanted_deg: float) -> bool:
    if angle_deg is None:
        return True
    return abs(_wrapped(angle_deg - wanted_deg)) > _SEQUENCE_TOLERANCE_DEG


def _wrapped(angle_deg: float) -> float:
    return (angle_deg + 180.0) % 360.0 - 180.0
