# SPDX-License-Identifier: MIT
"""A run of //tools:compare as a file: the machine, the options and records with
the percentiles of each round."""
import json
import os

from comparison import machine

FORMAT = 1


def whole(samples, options):
    return {"format": FORMAT, "machine": machine.describe(), "options": options,
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
    return run
