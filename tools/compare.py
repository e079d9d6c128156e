#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares what Brood does with the raw calls and with its peers.

    bazel run -c opt //tools:compare -- [--quick] [--only PART] [--json FILE]
                                        [--svg FILE] [--ipc-svg FILE]

comparison/run.py says how a part is measured. The parts are startup.py,
sync.py, ipc.py, pool.py and manager.py in comparison/, each with its report
beside it.
"""
import argparse
import importlib
import json
import os
import pathlib
import signal
import sys

sys.dont_write_bytecode = True  # the modules beside this file are sources
from comparison import run, table  # noqa: E402
from comparison import ipc, ipc_report  # noqa: E402
from comparison import manager, manager_report  # noqa: E402
from comparison import pool, pool_report  # noqa: E402
from comparison import startup, startup_report  # noqa: E402
from comparison import sync, sync_report  # noqa: E402
from comparison.samples import Samples  # noqa: E402

PARTS = ("startup", "sync", "ipc", "pool", "manager")


def user_path(text):
    """Returns a path as the user meant it, before bazel run changed folder."""
    path = pathlib.Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written")
    return path


def sizes(text):
    try:
        numbers = sorted({int(part) for part in text.split(",")})
    except ValueError:
        numbers = [-1]
    if numbers[0] < 0:
        raise argparse.ArgumentTypeError(
            f"{text} is not a list of sizes such as 0,64,256,1024")
    # Ratios are against an empty parent, so it is always there.
    return sorted({0, *numbers})


def parse_options():
    parser = argparse.ArgumentParser(
        prog="compare", allow_abbrev=False,
        description="What Brood costs, beside the raw calls, CPython's "
                    "multiprocessing, billiard, Boost and ZeroMQ.")
    parser.add_argument("--quick", action="store_true",
                        help="2 minutes, rougher")
    parser.add_argument("--only", choices=PARTS, metavar="PART",
                        help="startup: starting processes; sync: shared "
                             "objects; ipc: pipes and queues; pool: pools; "
                             "manager: managers (default: all)")
    parser.add_argument("--json", type=user_path, metavar="FILE",
                        help="write one record for each kind of sample")
    parser.add_argument("--svg", type=user_path, metavar="FILE",
                        default="brood-startup.svg",
                        help="startup: where to draw (default %(default)s)")
    parser.add_argument("--ipc-svg", type=user_path, metavar="FILE",
                        default="brood-ipc.svg",
                        help="ipc: where to draw (default %(default)s)")
    parser.add_argument("--parent-mib", type=sizes, metavar="N,N,...",
                        default="0,64,256,1024",
                        help="startup: memory of the parent "
                             "(default %(default)s)")
    return parser.parse_args()


def draw(part, records, path):
    try:
        chart = importlib.import_module(f"comparison.{part}_chart")
    except ImportError as error:
        return f"No chart: {error} (tools/setup installs python3-matplotlib)"
    chart.draw(records, path)
    return f"Chart: {path}"


def report(parts, records, options):
    if "startup" in parts:
        own = [r for r in records if r["bench"] == "startup"]
        startup_report.print_all(own)
        print(f"\n  {draw('startup', own, options.svg)}\n")
    if "sync" in parts:
        sync_report.print_all(records)
        print()
    if "ipc" in parts:
        ipc_report.print_all(records)
        own = [r for r in records if r["bench"] == "throughput"]
        print(f"\n  {draw('ipc', own, options.ipc_svg)}\n")
    if "pool" in parts:
        pool_report.print_all(records)
        print()
    if "manager" in parts:
        manager_report.print_all(records)


def main():
    options = parse_options()
    parts = [options.only] if options.only else PARTS
    samples = Samples()
    if "startup" in parts:
        run.measure(startup.Startup(options.quick, options.parent_mib, samples),
                    samples)
    if "sync" in parts:
        run.measure(sync.Sync(options.quick), samples)
    if "ipc" in parts:
        run.measure(ipc.Ipc(options.quick), samples)
    if "pool" in parts:
        run.measure(pool.Pool(options.quick), samples)
    if "manager" in parts:
        run.measure(manager.Manager(options.quick), samples)
    records = samples.records()
    if options.json:
        rows = ",\n".join(json.dumps(record) for record in records)
        options.json.write_text(f"[\n{rows}\n]\n")
    report(parts, records, options)
    table.print_notes(samples)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as in "compare | head"
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
