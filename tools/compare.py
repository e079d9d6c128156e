#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares what Brood does with the raw calls and with its peers.

    bazel run -c opt //tools:compare -- [--quick] [--only startup]
                                        [--json FILE] [--svg FILE]

comparison/run.py says how a part is measured; what a part is about stands in
the file of its name beside it.
"""
import argparse
import json
import os
import pathlib
import signal
import sys

sys.dont_write_bytecode = True  # the modules beside this file are sources
from comparison import run, startup, startup_report, table  # noqa: E402
from comparison.samples import Samples  # noqa: E402

PARTS = ("startup",)


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
                    "multiprocessing and billiard.")
    parser.add_argument("--quick", action="store_true",
                        help="under 20 seconds, rougher")
    parser.add_argument("--only", choices=PARTS, metavar="PART",
                        help=f"one part of {', '.join(PARTS)}; default is all")
    parser.add_argument("--json", type=user_path, metavar="FILE",
                        help="write one record for each kind of sample")
    parser.add_argument("--svg", type=user_path, metavar="FILE",
                        default="brood-startup.svg",
                        help="where to draw what starts cost "
                             "(default %(default)s)")
    parser.add_argument("--parent-mib", type=sizes, metavar="N,N,...",
                        default="0,64,256,1024",
                        help="startup: memory of the parent "
                             "(default %(default)s)")
    return parser.parse_args()


def draw(records, path):
    try:
        from comparison import startup_chart
        startup_chart.draw(records, path)
    except ImportError as error:
        return f"No chart: {error} (tools/setup installs python3-matplotlib)"
    return f"Chart: {path}"


def main():
    options = parse_options()
    samples = Samples()
    run.measure(startup.Startup(options.quick, options.parent_mib, samples),
                samples)
    records = samples.records()
    if options.json:
        rows = ",\n".join(json.dumps(record) for record in records)
        options.json.write_text(f"[\n{rows}\n]\n")
    chart = draw(records, options.svg)
    startup_report.print_all(records)
    table.print_notes(samples)
    print(f"\n{chart}")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as in "compare | head"
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
