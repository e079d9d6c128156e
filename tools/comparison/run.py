# SPDX-License-Identifier: MIT
"""Runs the programs that //tools:compare takes its figures from.

A part of the comparison is made of rounds. Each round lets a program of
//bench and every peer take a few samples, so that whatever else the machine
does hits all alike; samples of all rounds together make the figures. Rounds
end when they are done or the seconds are over, but not before the first.

A part is an object with a name, `rounds`, `seconds`, the `files` that it needs
and `steps(number)`, which yields the steps of a round.
"""
import collections
import contextlib
import functools
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

PEERS = {"cpython": "multiprocessing", "billiard": "billiard"}
METHODS = ("fork", "forkserver", "spawn")
PYTHON = "/usr/bin/python3"  # the one that a distribution puts billiard into
STEP_SECONDS = 120  # a step that takes longer hangs

# How a program ended that ran alone; status: None if it never did, less than 0
# of a signal.
Ended = collections.namedtuple("Ended", "status output errors")
# label: who is at work; run: a function that adds to the samples.
Step = collections.namedtuple("Step", "label run")


class Progress:
    """One line that is written over on a terminal, a few lines elsewhere."""

    def __init__(self, part):
        self.part = part
        self.begin = time.monotonic()
        self.terminal = sys.stderr.isatty()

    def say(self, number, label, first):
        rounds, seconds = self.part.rounds, time.monotonic() - self.begin
        text = (f"{self.part.name}, round {number} of {rounds}: {label}, "
                f"{seconds:.0f} s")
        if self.terminal:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        elif first and number % max(rounds // 6, 1) == 0:
            print(text, file=sys.stderr, flush=True)

    def end(self):
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def fail(text):
    print(f"compare: {text}", file=sys.stderr)
    sys.exit(2)  # 1 is what --against says


@functools.lru_cache(maxsize=None)
def runfile(path):
    """Returns where Bazel put a file that this program needs: the real path,
    because the next build may turn the link bazel-bin elsewhere."""
    for root in (os.environ.get("RUNFILES_DIR"), sys.argv[0] + ".runfiles",
                 os.environ.get("TEST_SRCDIR")):
        if root and (found := pathlib.Path(root, "brood", path)).exists():
            return str(found.resolve())
    fail(f"{path} is missing: start this with bazel run //tools:compare")


def benchmark(path, *options):
    """The step of a program of //bench. What fails in it is named in its file,
    and its exit status is 1; how else it fails is noted of the program."""
    def run(samples):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "samples")
            ended = run_alone(
                [runfile(path), *options, f"--samples_file={file}"])
            text = file.read_text(errors="replace") if file.exists() else ""
        if not text and ended.status is not None and ended.status > 0:
            fail(f"{path} failed: {ended.errors or failure(ended)}")
        fault = take_lines(samples, text)
        if ended.status != 1 or '"absent":' not in text:
            fault = failure(ended) or fault
        if not text:
            fault = fault or "it wrote nothing"
        if fault:
            samples.miss({"program": path}, fault)
    return Step("raw calls and Brood", run)


def take_lines(samples, text):
    """Returns what is wrong with the first line that is not ours, or ""."""
    for line in text.splitlines():
        try:
            samples.take(line)
        except ValueError as error:
            return f"it wrote {line[:60]!r}: {error}"
    return ""


@contextlib.contextmanager
def signals_later():
    """Has what ends this program come after the block: a program that is just
    being started would be left behind."""
    came = []
    before = {each: signal.signal(each, lambda number, _: came.append(number))
              for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
              if callable(signal.getsignal(each))}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in came:
            signal.raise_signal(number)


def kill_group(leader):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def run_alone(command, seconds=STEP_SECONDS, cwd=None):
    """Returns how a program Ended that has a session of its own. In the end all
    of it is killed: a pool that hangs would leave its workers behind."""
    try:
        with contextlib.ExitStack() as stack:
            with signals_later():
                process = stack.enter_context(subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    errors="replace", cwd=cwd, start_new_session=True))
                stack.callback(kill_group, process.pid)
            output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return Ended(None, "", f"it takes longer than {seconds} s")
    except OSError as error:
        return Ended(None, "", str(error))
    return Ended(process.returncode, output, errors.strip())


def failure(ended):
    """Says in a line how a program failed, or returns ""."""
    said = ended.errors.rpartition("\n")[2]
    if ended.status == 0:
        return ""
    if ended.status is not None and ended.status < 0:
        return f"it died: {signal.strsignal(-ended.status)}. {said}".strip()
    return said or f"its exit status is {ended.status}"


def peer(path, impl, method, *arguments, field="context"):
    """The step of a peer: the script at path, for one start method, which its
    lines have in that field. Once it failed it is left out of the part."""
    what = {"impl": impl, field: method}

    def run(samples):
        if samples.lacks(what):
            return
        ended = run_alone(
            [PYTHON, runfile(path), PEERS[impl], *arguments, method])
        fault = take_lines(samples, ended.output)
        if fault or ended.status != 0:
            samples.miss(what, failure(ended) or fault)
    return Step(impl, run)


def peers(path, quick, *arguments):
    """A step for each peer and start method; in a quick run for fork alone,
    since what is asked here hardly depends on it."""
    for impl in PEERS:
        for method in METHODS[:1] if quick else METHODS:
            yield peer(path, impl, method, *map(str, arguments))


def measure(part, samples):
    for path in part.files:
        runfile(path)
    samples.part = part.name
    progress = Progress(part)
    for number in range(1, part.rounds + 1):
        begin = time.monotonic()
        samples.round = number
        for i, step in enumerate(part.steps(number)):
            progress.say(number, step.label, first=i == 0)
            step.run(samples)
        now = time.monotonic()
        if now - progress.begin + (now - begin) > part.seconds:
            break
    progress.end()
