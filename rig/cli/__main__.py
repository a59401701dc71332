"""``python -m rig.cli``: the ``rig`` command without its console script."""

from rig.cli import main

if __name__ == "__main__":
    main()
