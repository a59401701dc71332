"""Pacific Power Source with a UPC controller, or LMX: three voltages, through an output transformer where need be."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.errors import SettingOutOfRange
from drivers.instrument import Identity, require_within
from drivers.scpi.session import ScpiSession
from drivers.source import pacific_upc_data as data
from drivers.source.base import PHASES, Protection, Range
from drivers.source.shared.steps import Step, angle, number, word
from drivers.source.shared.voltage_only import DEFAULT_CURRENT_LIMIT_A, Target, Three, VoltageOnlySource


class PacificUPC(VoltageOnlySource):
    """A UPC-32 or UPC-3 in any of Pacific's sources, or an LMX, over SCPI (docs/decisions/0012; not yet tried on one).

    20 to 1200 Hz. The ranges are the couplings: DIRECT, 0 to 135 V, and XFMR, 0 to 135 V times ``transformer_ratio``,
    which the instrument must confirm (1 is "no transformer"). The controller drives the amplifier with what is set
    divided by that ratio, so a wrong one would be a wrong voltage. Phase A is at 0 degrees; what is set as PHASe2 and
    PHASe3 is lag. A ramp is the instrument's own transition time.

    ``current_limit_a``: rms amperes a phase, as limit (the voltage folds back) and as trip level (the output goes off).
    Every setting is read back and compared (SettingNotTaken). After any error nothing is known any more, and
    ``select_ranges`` must be called first.
    """

    capabilities = data.capabilities(data.DEFAULT_TRANSFORMER_RATIO)
    limits = data.LIMITS
    off = data.OFF
    FREQUENCY = ":SOUR:FREQ"
    OUTPUT = ":OUTP"

    def __init__(
        self,
        session: ScpiSession,
        *,
        current_limit_a: float = DEFAULT_CURRENT_LIMIT_A,
        transformer_ratio: float = data.DEFAULT_TRANSFORMER_RATIO,
    ) -> None:
        require_within("transformer ratio", transformer_ratio, *data.TRANSFORMER_RATIO, "")
        super().__init__(session, current_limit_a=current_limit_a)
        self.capabilities = data.capabilities(transformer_ratio)
        self._transformer_ratio = transformer_ratio
        self._ramp_s = data.PROMPT_RAMP_S

    def identify(self) -> Identity:
        """Read the instrument's identity; raises InstrumentError for a controller that has no three phases."""
        said = super().identify()
        if not said.model.upper().startswith("UPC"):
            return said
        # A UPC's third field is its firmware and the fourth that firmware's assembly: the serial number is elsewhere.
        serial_number = self._session.query(":SYST:SERIALNUM?").strip().strip('"')
        return Identity(said.manufacturer, said.model, serial_number, f"{said.serial_number} {said.firmware}")

    def _check_identity(self, identity: Identity) -> None:
        if not data.THREE_PHASE.fullmatch(identity.model):
            text = f"{identity.model} is no three-phase controller (UPC-32, UPC-3, LMX, AFX): choose another driver"
            raise self._error(text)

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the output on, with a rise of ``ramp_s`` seconds (0 is none, else 0.001 to 300), or off; verify it.

        Off is at once. Raises SettingOutOfRange before any I/O, SettingNotTaken when the output does not follow.
        """
        if 0.0 < ramp_s < data.SHORTEST_RAMP_S:
            raise SettingOutOfRange("ramp time", ramp_s, data.SHORTEST_RAMP_S, data.RAMP_S[1], "s")
        self._ramp_s = ramp_s
        super().set_output(on, ramp_s)

    def protection(self) -> Protection:
        """Ask which current limit is in force for all phases, A rms (set to 0.1 to 400)."""
        return self._ask_limits([":SOUR:CURR:LIM?"])

    def _check_target(self, target: Target) -> None:
        self._check_first_angle(target)

    def _take_over(self) -> None:
        self._switch_off()
        self._session.write("*CLS")
        self._check_transformer()
        self._apply([number(":SOUR:FORM", data.THREE_PHASE_FORM, 0.0, decimals=0)])
        self._apply([number(f":SOUR:WAVEFORM{phase + 1}", data.SINE, 0.0, decimals=0) for phase in PHASES])
        self._give_slew(self.limits.prompt_slew_v_per_s)
        self._apply(self._volts_steps((0.0, 0.0, 0.0)))

    def _check_transformer(self) -> None:
        if self._transformer_ratio <= 1.0:
            return
        said = self._session.query_float(":SOUR:XFMRRATIO?")
        if said is None or abs(said - self._transformer_ratio) > data.RATIO_TOLERANCE:
            found = "no number" if said is None else f"{said:g}:1"
            text = f"its output transformer is {found} where {self._transformer_ratio:g}:1 was declared: correct "
            raise self._error(text + "transformer_ratio (1 is none)")

    def _range_steps(self, selected: Range) -> Sequence[Step]:
        is_direct = selected == self.capabilities.voltage_ranges[0]
        tolerance_a = data.CURRENT_TOLERANCE_A
        return (
            word(":SOUR:COUPL", "DIRECT" if is_direct else "XFMR"),
            number(":SOUR:CURR:LIM", self.current_limit_a, tolerance_a),
            number(":SOUR:CURR:PROT:LEV", self.current_limit_a, tolerance_a),
        )

    def _angle_steps(self, phase_deg: Three) -> Sequence[Step]:
        return [
            angle(f":SOUR:PHAS{phase + 1}", data.LAG_SIGN * phase_deg[phase], data.PHASE_TOLERANCE_DEG)
            for phase in PHASES[1:]
        ]

    def _volts_steps(self, volts: Three) -> Sequence[Step]:
        return [number(f":SOUR:VOLT{phase + 1}", volts[phase], data.VOLTAGE_TOLERANCE_V) for phase in PHASES]

    def _slew_steps(self, slew_v_per_s: float) -> Sequence[Step]:
        """Set the transition time: the same for all phases, however far they have to go."""
        is_prompt = slew_v_per_s == self.limits.prompt_slew_v_per_s
        ramp_s = data.PROMPT_RAMP_S if is_prompt else self._ramp_s
        return (number(":SOUR:RAMP", ramp_s, data.RAMP_TOLERANCE_S),)
