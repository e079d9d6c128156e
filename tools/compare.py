#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares what Brood does with the raw calls and with its peers.

    bazel run -c opt //tools:compare -- [--quick] [--rounds N] [--only PART]
        [--holds MIB] [--threads N] [--json FILE] [--from FILE]
        [--against FILE [--threshold PERCENT] [--other-machine]]
        [--html FILE] [--svg FILE] [--ipc-svg FILE] [-- PROGRAM ARGUMENT...]

The exit status is 1 if something is slower than in the run of --against.
comparison/run.py says how a part is measured. The parts are startup.py,
sync.py, ipc.py, pool.py and manager.py in comparison/, each with its report
beside it.
"""
import argparse
import contextlib
import importlib
import io
import os
import pathlib
import signal
import sys

sys.dont_write_bytecode = True  # the modules beside this file are sources
from comparison import against, answer, machine, outside, page  # noqa: E402
from comparison import run, runs, table  # noqa: E402
from comparison import ipc, ipc_report  # noqa: E402
from comparison import manager, manager_report  # noqa: E402
from comparison import pool, pool_report  # noqa: E402
from comparison import startup, startup_report  # noqa: E402
from comparison import sync, sync_report  # noqa: E402
from comparison.samples import Samples  # noqa: E402

PARTS = ("startup", "sync", "ipc", "pool", "manager")
CHARTS = {"startup": "svg", "ipc": "ipc_svg"}  # part: option


def user_path(text):
    """Returns a path as the user meant it, before bazel run changed folder."""
    path = pathlib.Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written")
    return path


def earlier_run(text):
    path = pathlib.Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), text)
    try:
        return runs.read(path)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(
            f"{text} is no run: {error}") from error


def number(text):
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number")
    return int(text)


def rounds(text):
    if number(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} rounds measure nothing")
    return number(text)


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
                        help="about 1 minute, rougher")
    parser.add_argument("--rounds", type=rounds, metavar="N",
                        help="at most so many rounds of each part")
    parser.add_argument("--only", choices=PARTS, metavar="PART",
                        help="startup: starting processes; sync: shared "
                             "objects; ipc: pipes and queues; pool: pools; "
                             "manager: managers (default: all)")
    parser.add_argument("--holds", type=number, metavar="MIB",
                        help="startup: memory of your program, which the answer "
                             "is to be of")
    parser.add_argument("--threads", type=number, metavar="N", default="1",
                        help="startup: threads of your program when it starts "
                             "processes: with several the answer is not fork")
    parser.add_argument("--json", type=user_path, metavar="FILE",
                        help="write the run: the machine, and one record for "
                             "each kind of sample")
    parser.add_argument("--from", dest="run", type=earlier_run, metavar="FILE",
                        help="measure nothing: tell of a run of --json")
    parser.add_argument("--against", type=earlier_run, metavar="FILE",
                        help="say what is slower than in this run of --json")
    parser.add_argument("--threshold", type=number, metavar="PERCENT",
                        default="5", help="against: what is slower by less does "
                                          "not count (default %(default)s)")
    parser.add_argument("--other-machine", action="store_true",
                        help="against: the earlier run may be another machine's")
    parser.add_argument("--html", type=user_path, metavar="FILE",
                        help="write a page: the answer, the charts, the tables")
    parser.add_argument("--svg", type=user_path, metavar="FILE",
                        help="startup: where to draw (default "
                             "brood-startup.svg)")
    parser.add_argument("--ipc-svg", type=user_path, metavar="FILE",
                        help="ipc: where to draw (default brood-ipc.svg)")
    parser.add_argument("--parent-mib", type=sizes, metavar="N,N,...",
                        default="0,16,64,256,1024",
                        help="startup: memory of the parent "
                             "(default %(default)s)")
    parser.add_argument("program", nargs="*", metavar="-- PROGRAM",
                        help="time this program of yours too, from outside, and "
                             "only the part startup beside it")
    options = parser.parse_args()
    if options.program:
        options.only = options.only or "startup"
        if options.run or options.only != "startup":
            parser.error("a program is timed in the part startup, by a run that "
                         "measures")
    if options.holds is not None:
        options.parent_mib = sorted({*options.parent_mib, options.holds})
    wanted = [options.only] if options.only else PARTS
    there = options.run["options"]["parts"] if options.run else PARTS
    options.parts = [part for part in wanted if part in there]
    place_charts(parser, options)
    refuse_other_machine(parser, options)
    return options


def place_charts(parser, options):
    """Charts without a place are drawn where the user is; that it can be
    written is to be known before anything is measured."""
    for part, option in CHARTS.items():
        if part not in options.parts or getattr(options, option):
            continue
        try:
            setattr(options, option, user_path(f"brood-{part}.svg"))
        except argparse.ArgumentTypeError as error:
            parser.error(f"argument --{option.replace('_', '-')}: {error}")


def refuse_other_machine(parser, options):
    if options.against is None or options.other_machine:
        return
    here = options.run["machine"] if options.run else machine.describe()
    differences = machine.differences(here, options.against["machine"])
    if differences:
        parser.error("argument --against: that is a run of another machine "
                     f"({'; '.join(differences)}); --other-machine compares "
                     "them all the same")


def draw(part, the_run, path, drawn):
    """Says what became of the chart; adds it to those that were drawn."""
    try:
        chart = importlib.import_module(f"comparison.{part}_chart")
    except ImportError as error:
        return f"No chart: {error} (tools/setup installs python3-matplotlib)"
    if not chart.shown(the_run):
        return "No chart: nothing was measured that it shows"
    chart.draw(the_run, path)
    drawn.append(path)
    return f"Chart: {path}"


def report(parts, the_run, options):
    """Prints the tables; returns the charts that were drawn."""
    records, drawn = the_run["records"], []
    if "startup" in parts:
        startup_report.print_all(records)
        outside.print_check(records)
        outside.print_program(records)
        print(f"\n  {draw('startup', the_run, options.svg, drawn)}\n")
    if "sync" in parts:
        sync_report.print_all(records)
        print()
    if "ipc" in parts:
        ipc_report.print_all(records)
        print(f"\n  {draw('ipc', the_run, options.ipc_svg, drawn)}\n")
    if "pool" in parts:
        pool_report.print_all(records)
        print()
    if "manager" in parts:
        manager_report.print_all(records)
    table.print_notes(the_run)
    return drawn


def tell(parts, the_run, options):
    """Prints the answer and the tables, which --html has too; returns whether
    anything is slower than before."""
    said, slower, text = [], False, io.StringIO()
    if "startup" in parts:
        other = machine.differences(machine.describe(), the_run["machine"])
        said = answer.lines(the_run["records"], options.holds, options.threads,
                            "that machine" if other else "this machine")
    with contextlib.redirect_stdout(text):
        drawn = report(parts, the_run, options)
        if options.against is not None:
            slower = against.print_all(options.against, the_run,
                                       options.threshold / 100)
    print("\n".join([*said, "", text.getvalue()]).strip("\n"))
    if options.html:
        options.html.write_text(
            page.make(said, drawn, text.getvalue(),
                      machine.text(the_run["machine"])), "utf-8")
        print(f"\n  Page: {options.html}")
    return slower


def measure(parts, options):
    samples = Samples()
    make = {
        "startup": lambda: startup.Startup(options.quick, options.parent_mib,
                                           samples, options.program),
        "sync": lambda: sync.Sync(options.quick),
        "ipc": lambda: ipc.Ipc(options.quick),
        "pool": lambda: pool.Pool(options.quick),
        "manager": lambda: manager.Manager(options.quick),
    }
    for name in parts:
        part = make[name]()
        part.rounds = min(part.rounds, options.rounds or part.rounds)
        run.measure(part, samples)
    return runs.whole(samples, {
        "quick": options.quick, "parts": list(parts),
        "parent_mib": options.parent_mib})


def main():
    """Returns the exit status."""
    options = parse_options()
    the_run = options.run or measure(options.parts, options)
    if options.json:
        runs.write(the_run, options.json)
    return int(tell(options.parts, the_run, options))


def end(number, _frame):
    """Ends as by an interrupt: what measures has a session of its own, and is
    killed on the way."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as in "compare | head"
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) != signal.SIG_IGN:  # as by nohup
            signal.signal(each, end)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
