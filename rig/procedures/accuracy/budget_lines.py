"""Budget lines of the analyzer, also for what is made from its values: sampled energy, power between two lines."""

from __future__ import annotations

from rig.load_point import LoadPoint
from rig.metrology.certification_points import Input
from rig.metrology.limits import Quantity
from rig.metrology.reference import ReferenceUncertainty
from rig.metrology.uncertainty import Component

BETWEEN_LINES_TYPE = 11
"""In this system type the meter multiplies I_A with V_A - V_B; an analyzer's element has V_A against neutral."""

_POWER_OF = {Quantity.ACTIVE_ENERGY: Quantity.ACTIVE_POWER, Quantity.REACTIVE_ENERGY: Quantity.REACTIVE_POWER}
_POWERS = (Quantity.ACTIVE_POWER, Quantity.REACTIVE_POWER, Quantity.ACTIVE_ENERGY, Quantity.REACTIVE_ENERGY)


def reference_lines(
    reference: ReferenceUncertainty, item: Input, point: LoadPoint, *, is_sampled: bool = False
) -> tuple[Component, ...]:
    """Return the lines of ``item`` at ``point``, in percent; ``is_sampled``: an energy made from sampled power.

    Raises AccuracyNotStated and ReferenceNotUsable.
    """
    quantity = _POWER_OF.get(item.quantity, item.quantity) if is_sampled else item.quantity
    lines = reference.of(quantity, item.phase)
    if point.system_type == BETWEEN_LINES_TYPE and quantity in _POWERS:
        lines += reference.between_lines()
    return lines
