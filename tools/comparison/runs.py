# SPDX-License-Identifier: MIT
"""A run of //tools:compare as a file: the machine, the options and records with
the percentiles of each round."""
import datetime
import json
import os

from comparison import machine

FORMAT = 1
# What every run has; older ones have no date.
FIELDS = {"machine": dict, "options": dict, "load": (float, int),
          "versions": dict, "absent": dict, "unoptimized": list,
          "records": list}


def whole(samples, options):
    return {"format": FORMAT, "machine": machine.describe(), "options": options,
            "date": datetime.date.today().isoformat(),
            "load": os.getloadavg()[0], "versions": samples.versions,
            "absent": samples.absent, "unoptimized": sorted(samples.unoptimized),
            "records": samples.records()}


def write(run, path):
    head = {name: value for name, value in run.items() if name != "records"}
    rows = ",\n".join(json.dumps(record) for record in run["records"])
    path.write_text(f'{json.dumps(head)[:-1]}, "records": [\n{rows}\n]}}\n')


def read(path):
    """Raises ValueError with what is wrong about the file."""
    run = json.loads(path.read_text())
    found = run.get("format") if isinstance(run, dict) else "none"
    if found != FORMAT:
        raise ValueError(f"its format is {found}, not {FORMAT}")
    for name, kind in FIELDS.items():
        if not isinstance(run.get(name), kind):
            raise ValueError(f"it has no {name}")
    if not machine.describe().keys() <= run["machine"].keys():
        raise ValueError("it does not say of which machine it is")
    if not isinstance(run["options"].get("parts"), list):
        raise ValueError("it does not say of which parts it is")
    for record in run["records"]:
        if not isinstance(record, dict) or not {
                "bench", "impl", "n", "rounds"} <= record.keys():
            raise ValueError("it has a record that is none")
    return run
