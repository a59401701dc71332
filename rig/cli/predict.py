"""``rig predict``: print what the meter should read for a stimulus, from the reference model alone; no I/O."""

from __future__ import annotations

import json
import math
from pathlib import Path

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import AnyPath
from rig.files.stimulus_file import load_stimulus_file


@click.command()
@click.argument("file", type=AnyPath())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def predict(file: Path, as_json: bool) -> None:
    """Predict every analog input of the meter for the stimulus in FILE (YAML; see docs/reference/predict.md)."""
    from meter_model.prediction.prediction import predict as predict_points

    stimulus, configuration = load_stimulus_file(file)
    points = predict_points(stimulus, configuration)
    if as_json:
        answer = {
            f"AI{instance}": {
                "name": point.name,
                "value": None if math.isnan(point.value) else point.value,
                "unit": point.unit,
            }
            for instance, point in sorted(points.items())
        }
        echo(json.dumps(answer, indent=2))
        return
    for instance, point in sorted(points.items()):
        value = "----" if math.isnan(point.value) else f"{point.value:.6g}"
        echo(f"AI{instance:<3} {point.name:<24} {value:>14} {point.unit}")
