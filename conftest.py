"""Loads the rig's pytest plugin and the fixture modules; nothing else."""

pytest_plugins = [
    "rig.pytest_plugin",
    "fixtures.bench",
    "fixtures.certification",
    "fixtures.variations",
    "fixtures.questions",
    "fixtures.switching",
]
