"""Does each unit take the configuration of its variant?"""

from __future__ import annotations

import allure

from rig.procedures.end_of_line.configuration import write_configuration
from rig.procedures.end_of_line.line import Line

pytestmark = [allure.epic("End of line"), allure.feature("Configuration")]


def test_configuration_of_the_variant_is_written_and_reads_back(line: Line) -> None:
    """AV2 to AV11 (manual pages 23 and 24); they stay as they are shipped."""
    write_configuration(line)
