#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Starts processes by every method of Brood and of its peers, and compares.

    bazel run -c opt //tools:compare -- [--quick] [--json FILE] [--svg FILE]

A run is made of rounds. Each round lets //bench:startup and every peer take a
few samples, so that whatever else the machine does hits all alike; samples of
all rounds together make the percentiles. What a sample is, and why it is fair,
stands at the top of bench/startup.cc.
"""
import argparse
import collections
import functools
import json
import math
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the modules beside this file are sources
import compare_report  # noqa: E402

# A round runs //bench:startup once, which lets its subjects take turns, and
# then the peers. Rounds end when they are done or the seconds are over, but
# not before the first.
Effort = collections.namedtuple(
    "Effort", "rounds seconds turns samples peer_samples")
FULL = Effort(rounds=12, seconds=140, turns=4, samples=25,
              peer_samples={"fork": 25, "forkserver": 15, "spawn": 9})
QUICK = Effort(rounds=2, seconds=11, turns=4, samples=12,
               peer_samples={"fork": 20, "forkserver": 10, "spawn": 4})

PEERS = {"cpython": "multiprocessing", "billiard": "billiard"}
STARTUP, PEER = "bench/startup", "bench/startup_peer.py"
PYTHON = "/usr/bin/python3"  # the one that a distribution puts billiard into
STEP_SECONDS = 120  # a step that takes longer hangs
SPARE_MIB = 256     # memory to leave to the rest of the machine


class Samples:
    """All samples so far, and why some are missing."""

    def __init__(self):
        self.us = {}         # (impl, method, end, parent_mib): [us, ...]
        self.absent = {}     # "impl" or "impl method": reason
        self.versions = {}   # impl: text
        self.optimized = True

    def take(self, line):
        item = json.loads(line)
        self.optimized = item.get("optimized", self.optimized)
        if "version" in item:
            self.versions[item["impl"]] = item["version"]
        if "absent" in item:
            name = " ".join(item[key] for key in ("impl", "method")
                            if key in item)
            self.absent[name] = item["absent"]
        elif "us" in item:
            key = (item["impl"], item["method"], item["end"],
                   item["parent_mib"])
            self.us.setdefault(key, []).extend(item["us"])

    def records(self):
        """Returns one record for each kind of sample."""
        def rank(us, share):
            return round(sorted(us)[max(math.ceil(share * len(us)), 1) - 1], 1)
        return [{"bench": "startup", "impl": impl, "method": method,
                 "end": end, "parent_mib": parent_mib,
                 "p50_us": rank(us, .50), "p90_us": rank(us, .90),
                 "p99_us": rank(us, .99), "n": len(us)}
                for (impl, method, end, parent_mib), us in self.us.items()]


class Progress:
    """One line that is written over on a terminal, a few lines elsewhere."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.begin = time.monotonic()
        self.terminal = sys.stderr.isatty()

    def say(self, number, step):
        seconds = time.monotonic() - self.begin
        text = f"round {number} of {self.rounds}: {step}, {seconds:.0f} s"
        if self.terminal:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        elif step.startswith("raw") and number % max(self.rounds // 6, 1) == 0:
            print(text, file=sys.stderr, flush=True)

    def end(self):
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def fail(text):
    sys.exit(f"compare: {text}")


@functools.lru_cache(maxsize=None)
def runfile(path):
    """Returns where Bazel put a file that this program needs: the real path,
    because the next build may turn the link bazel-bin elsewhere."""
    for root in (os.environ.get("RUNFILES_DIR"), sys.argv[0] + ".runfiles",
                 os.environ.get("TEST_SRCDIR")):
        if root and (found := pathlib.Path(root, "brood", path)).exists():
            return str(found.resolve())
    fail(f"{path} is missing: start this with bazel run //tools:compare")


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
        description="What starting a process costs: Brood, the raw calls, "
                    "CPython's multiprocessing and billiard.")
    parser.add_argument("--quick", action="store_true",
                        help="under 20 seconds, rougher")
    parser.add_argument("--json", type=user_path, metavar="FILE",
                        help="write one record for each kind of sample")
    parser.add_argument("--svg", type=user_path, metavar="FILE",
                        default="brood-startup.svg",
                        help="where to draw (default %(default)s)")
    parser.add_argument("--parent-mib", type=sizes, metavar="N,N,...",
                        default="0,64,256,1024",
                        help="memory of the parent (default %(default)s)")
    return parser.parse_args()


def sizes_that_fit(wanted, samples):
    """Returns the sizes that the machine has memory for now."""
    text = pathlib.Path("/proc/meminfo").read_text()
    free_mib = next((int(line.split()[1]) // 1024
                     for line in text.splitlines()
                     if line.startswith("MemAvailable:")), 1 << 20)
    for mib in wanted:
        if mib and mib + SPARE_MIB > free_mib:
            samples.absent[f"parent of {mib} MiB"] = (
                f"only {free_mib} MiB of memory are free")
    return [mib for mib in wanted if not mib or mib + SPARE_MIB <= free_mib]


def run_startup(effort, parent_mib, samples):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "samples")
        done = subprocess.run(
            [runfile(STARTUP), f"--samples={effort.samples}",
             f"--turns={effort.turns}",
             f"--parent_mib={','.join(map(str, parent_mib))}",
             f"--samples_file={file}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            timeout=STEP_SECONDS)
        lines = file.read_text().splitlines() if file.exists() else []
    for line in lines:
        samples.take(line)
    # A subject that fails is named in the file; without any line, nothing ran.
    if done.returncode != 0 and not lines:
        fail(f"//bench:startup failed: {done.stderr.strip()}")


def run_peer(impl, effort, samples):
    for method, num_samples in effort.peer_samples.items():
        if impl in samples.absent or f"{impl} {method}" in samples.absent:
            continue
        command = [PYTHON, runfile(PEER), PEERS[impl],
                   str(num_samples), method]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.PIPE, timeout=STEP_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            samples.absent[f"{impl} {method}"] = str(error)
            continue
        for line in done.stdout.splitlines():
            samples.take(line)
        if done.returncode != 0:
            samples.absent[f"{impl} {method}"] = (
                done.stderr.strip().rpartition("\n")[2])


def measure(effort, wanted_mib):
    for path in STARTUP, PEER:
        runfile(path)
    samples = Samples()
    parent_mib = sizes_that_fit(wanted_mib, samples)
    progress = Progress(effort.rounds)
    for number in range(1, effort.rounds + 1):
        begin = time.monotonic()
        progress.say(number, "raw calls and Brood")
        # What comes first in a new process finds the scheduler in another
        # mood: each size is first in every other round.
        run_startup(effort, parent_mib[::(-1) ** number], samples)
        for impl in PEERS:
            progress.say(number, impl)
            run_peer(impl, effort, samples)
        now = time.monotonic()
        if now - progress.begin + (now - begin) > effort.seconds:
            break
    progress.end()
    return samples


def main():
    options = parse_options()
    samples = measure(QUICK if options.quick else FULL, options.parent_mib)
    records = samples.records()
    if options.json:
        rows = ",\n".join(json.dumps(record) for record in records)
        options.json.write_text(f"[\n{rows}\n]\n")
    chart = f"Chart: {options.svg}"
    try:
        import compare_chart
        compare_chart.draw(records, options.svg)
    except ImportError as error:
        chart = f"No chart: {error} (tools/setup installs python3-matplotlib)"
    compare_report.print_all(records, samples)
    print(f"\n{chart}")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as in "compare | head"
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
