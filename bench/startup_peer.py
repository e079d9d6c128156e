#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What starting a process costs in CPython's multiprocessing or in billiard.

    startup_peer.py MODULE SAMPLES [METHOD...]

The measure is that of startup.cc: from just before Process() to the child's
first act in the target, or to the return of join(); memory of the parent: what
an interpreter holds. Prints one JSON object a line, with every sample, or with
the reason why there is none. Nothing heavy is imported up here, because a
spawned child imports this file too.
"""
import os
import sys
import time

ENDS = ("first_instruction", "joined")
STARTS_UNTIMED = 1  # the first one of a forkserver makes the server
JOIN_SECONDS = 30


def do_nothing():
    pass


def say_when(path):
    now_ns = time.monotonic_ns()
    fd = os.open(path, os.O_WRONLY)
    os.pwrite(fd, now_ns.to_bytes(8, "little"), 0)


def sample(context, targets, end, stamp_fd):
    """Returns the microseconds that one start took."""
    os.pwrite(stamp_fd, bytes(8), 0)
    target, args = targets.do_nothing, ()
    if end == "first_instruction":
        path = f"/proc/{os.getpid()}/fd/{stamp_fd}"
        target, args = targets.say_when, (path,)
    begin_ns = time.monotonic_ns()
    process = context.Process(target=target, args=args)
    process.start()
    process.join(JOIN_SECONDS)
    end_ns = time.monotonic_ns()
    if process.exitcode != 0:
        raise RuntimeError(f"the child's exit code is {process.exitcode}")
    if end == "first_instruction":
        end_ns = int.from_bytes(os.pread(stamp_fd, 8, 0), "little")
    return (end_ns - begin_ns) / 1e3


def measure(module, targets, method, num_samples, stamp_fd):
    context = module.get_context(method)
    for end in ENDS:
        for _ in range(STARTS_UNTIMED):
            sample(context, targets, end, stamp_fd)
        yield end, [sample(context, targets, end, stamp_fd)
                    for _ in range(num_samples)]


def main():
    import importlib
    import json
    import platform

    name, num_samples = sys.argv[1], int(sys.argv[2])
    methods = sys.argv[3:] or ["fork", "forkserver", "spawn"]
    base = {"impl": "cpython" if name == "multiprocessing" else name}

    def say(**fields):
        print(json.dumps({**base, **fields}), flush=True)

    try:
        module = importlib.import_module(name)
    except ImportError as error:
        say(absent=str(error))
        return
    # billiard's children cannot find the functions of __main__; CPython's can,
    # and importing this file a second time would only slow them down.
    targets = sys.modules["__main__"]
    if name != "multiprocessing":
        targets = importlib.import_module("startup_peer")
    base["version"] = getattr(module, "__version__",
                              platform.python_version())
    stamp_fd = os.memfd_create("stamp")
    for method in methods:
        try:
            for end, samples in measure(module, targets, method, num_samples,
                                        stamp_fd):
                say(bench="startup", method=method, end=end, parent_mib=0,
                    us=[round(us, 3) for us in samples])
        except Exception as error:  # one broken method leaves the others
            say(method=method, absent=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
