"""``rig off`` as the station starts it, of a bench that is not there: what it reports is in a file.

Started with the path of that file. Where there is none, it confirms by source and analyzer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

report = Path(sys.argv[1])
if report.exists():
    print(report.read_text())
else:
    said = {"confirmed": True, "sources": [{"source": "S", "details": "off"}],
            "analyzers": [{"analyzer": "A", "dead": True, "details": "less than 2 V"}]}  # fmt: skip
    print(json.dumps(said))
