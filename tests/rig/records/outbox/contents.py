"""What a database of runs holds, comparable between databases whose row numbers are others."""

from collections import Counter

from sqlalchemy import create_engine, select

from rig.load_point import LoadPoint
from rig.records._database import url_of
from rig.records.data import BudgetComponent, ResultRecord, RunHeader, UnitRecord
from rig.records.tables import METADATA

TABLES = [table for table in METADATA.sorted_tables if "uid" in table.c and table.name != "identity"]
HEADER = RunHeader(kind="eol", bench_name="line", bench_file_sha256="00", software_version="0.1.0", station="s1")
RESULT = ResultRecord(
    procedure="power_comparison", instance=11, quantity="active_power", phase="ABC", read_value=1.0,
    expected_value=1.0, unit="kW", outcome="PASS", n=5, decision_rule="simple",
    components=(BudgetComponent(name="u", standard_uncertainty_pct=0.01),) * 2,
)  # fmt: skip


def contents(url_or_path):
    """Return all rows by table, each once for each time it is there, with keys of owners in place of row numbers."""
    engine = create_engine(url_of(url_or_path))
    with engine.connect() as connection:
        rows = {t.name: connection.execute(select(t)).mappings().all() for t in TABLES}
    engine.dispose()
    uids = {name: {row["id"]: row["uid"] for row in found if "id" in row} for name, found in rows.items()}

    def plain(table, row):
        values = dict(row)
        if values.get("id") != row.get("run_id") and isinstance(values.get("id"), int):
            del values["id"]
        for column in table.c:
            for key in column.foreign_keys:
                if isinstance(values[column.name], int):
                    values[column.name] = uids[key.column.table.name][values[column.name]]
        return repr(sorted(values.items()))

    return {table.name: Counter(plain(table, row) for row in rows[table.name]) for table in TABLES}


def record_unit(store, serial_number="00123", points=2, station="s1"):
    """Record one small run; returns its id."""
    run = store.begin_run(
        RunHeader(**{f: getattr(HEADER, f) for f in HEADER.__dataclass_fields__} | {"station": station})
    )
    run.unit(UnitRecord(serial_number=serial_number, device_instance=1))
    for number in range(points):
        point = run.begin_point(LoadPoint(277.0, 5.0 + number, 0.0))
        point.meter_reading({11: float(number)}, requested_monotonic_s=0.0, answered_monotonic_s=0.1)
        point.result(RESULT)
        point.finish()
    run.finish("PASS", 0)
    return run.run_id
