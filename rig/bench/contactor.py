"""Recipe of the contactor that a bench file names, for the guardian of an open bench and for ``rig off``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.instrument import Identity
from drivers.switch import RELAY_LINES
from rig.bench.schema.bench import SwitchPart
from rig.safety.contactor.recipe import ContactorRecipe


def contactor_recipe(part: SwitchPart | None, identity: Identity | None = None) -> ContactorRecipe | None:
    """Return how the contactor is worked, None where there is none; ``identity``: who the switch unit said it is.

    Raises KeyError for a driver that there is not, SettingOutOfRange for a channel that is no relay.
    """
    if part is None or part.contactor is None:
        return None
    lines_of = RELAY_LINES[part.driver]
    coil, pulse = lines_of(part.contactor.channel), lines_of(part.contactor.pulse_channel)
    return ContactorRecipe(
        resource=part.resource,
        close=coil.close,
        open=coil.open,
        verify_query=coil.verify_query,
        closed_answers=coil.closed_answers,
        open_answers=coil.open_answers,
        pulse_close=pulse.close,
        pulse_open=pulse.open,
        hold_s=part.contactor.hold_s,
        identity=() if identity is None else (identity.manufacturer, identity.model, identity.serial_number),
    )


def contactor_from_note(note: Mapping[str, Any]) -> ContactorRecipe | None:
    """Return the contactor that an open bench has noted; None where it has none, or it cannot be read."""
    try:
        return ContactorRecipe.from_json(note["contactor"])
    except (KeyError, TypeError, ValueError):
        return None
