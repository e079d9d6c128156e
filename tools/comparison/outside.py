# SPDX-License-Identifier: MIT
"""Whole programs, timed from outside by hyperfine, from before the start to the
end: the user's own one, and the child of bench/startup.cc, whose figure from
there is to agree with our own of raw posix_spawn."""
import json
import os
import pathlib
import shlex
import shutil
import tempfile

from comparison import run
from comparison.samples import find
from comparison.table import figure, noise_text

CHILD = "bench/startup_child"
RAW_CHILD = "--raw-child"  # as in bench/targets.h
AGREE = .1
PROGRAM = {"bench": "program", "impl": "hyperfine"}
CHECK = {"bench": "outside", "impl": "hyperfine", "method": "posix_spawn"}


def step(what, command, count, must=False):
    """The step of a command; if it fails that is the end, or a note. One that
    must be timed, the user's own, may take as long as it likes."""
    def take(samples):
        if samples.lacks(what):
            return
        if shutil.which("hyperfine") is None:
            samples.miss({"impl": "hyperfine"}, "tools/setup installs it")
            return
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "times.json")
            ended = run.run_alone(
                ["hyperfine", "--shell=none", "--style=none", "--warmup=1",
                 f"--runs={count}", f"--export-json={file}", "--",
                 shlex.join(command)],
                seconds=None if must else run.STEP_SECONDS,
                cwd=os.environ.get("BUILD_WORKING_DIRECTORY"))
            if ended.status == 0:
                times = json.loads(file.read_text())["results"][0]["times"]
                return samples.take(json.dumps(
                    {**what, "us": [seconds * 1e6 for seconds in times]}))
        if must:
            run.fail(f"{shlex.join(command)}: "
                     f"{ended.errors or run.failure(ended)}")
        samples.miss(what, run.failure(ended))
    return run.Step("hyperfine", take)


def steps(program, count):
    if program:
        yield step({**PROGRAM, "command": shlex.join(program)}, program, count,
                   must=True)
    yield step(CHECK, [run.runfile(CHILD), RAW_CHILD], 5 * count)


def print_program(records):
    program = find(records, **PROGRAM)
    if program:
        print(f"\n  {program['command']}, a whole run of it: median "
              f"{figure(program['p50_us'])} us, p99 "
              f"{figure(program['p99_us'])} us, {program['n']} runs, "
              f"{noise_text(program)}")


def print_check(records):
    theirs = find(records, **CHECK)
    ours = find(records, bench="startup", impl="raw", method="posix_spawn",
                end="joined", parent_mib=0)
    if not theirs or not ours:
        return
    over = theirs["p50_us"] / ours["p50_us"] - 1
    text = (f"hyperfine has {figure(theirs['p50_us'])} us for what raw "
            f"posix_spawn starts and joins in {figure(ours['p50_us'])} us: ")
    if abs(over) <= AGREE:
        print(f"\n  {text}they agree within {AGREE:.0%}")
        return
    print(f"\n  {text}{over:+.0%}. {reason(over, theirs, ours)}")


def reason(over, theirs, ours):
    noisy = noise_text(theirs, ours)
    if noisy != "quiet":
        return f"This run cannot tell why, nor whether: {noisy}."
    if over > 0:
        return ("Its time has the opening of three standard streams besides, "
                "which its child gets and it closes.")
    return "No reason is known: do not trust either."
