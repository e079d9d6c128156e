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
BURST = 16
STARTS_UNTIMED = 1  # the first one of a forkserver makes the server
JOIN_SECONDS = 30


def do_nothing():
    pass


def say_when(path):
    now_ns = time.monotonic_ns()
    fd = os.open(path, os.O_WRONLY)
    os.pwrite(fd, now_ns.to_bytes(8, "little"), 0)


def say_memory(path):
    own = {"Private_": 0, "Pss:": 0}
    with open("/proc/self/smaps_rollup") as lines:
        for line in lines:
            for name in own:
                if line.startswith(name):
                    own[name] += int(line.split()[1])
    fd = os.open(path, os.O_WRONLY)
    os.pwrite(fd, b"".join(n.to_bytes(8, "little") for n in own.values()), 0)


def burst(context, targets):
    """Returns the share of one of so many in microseconds."""
    begin_ns = time.monotonic_ns()
    processes = [context.Process(target=targets.do_nothing)
                 for _ in range(BURST)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(JOIN_SECONDS)
    end_ns = time.monotonic_ns()
    if any(process.exitcode != 0 for process in processes):
        raise RuntimeError("a child of a burst failed")
    return (end_ns - begin_ns) / 1e3 / BURST


def memory(context, targets, stamp_fd):
    """Returns the KiB that only a child has, and its share of all."""
    os.pwrite(stamp_fd, bytes(16), 0)
    process = context.Process(
        target=targets.say_memory,
        args=(f"/proc/{os.getpid()}/fd/{stamp_fd}",))
    process.start()
    process.join(JOIN_SECONDS)
    if process.exitcode != 0:
        raise RuntimeError(f"the child's exit code is {process.exitcode}")
    return [int.from_bytes(os.pread(stamp_fd, 8, at), "little")
            for at in (0, 8)]


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
    """Yields what a line says."""
    context = module.get_context(method)
    for end in ENDS:
        for _ in range(STARTS_UNTIMED):
            sample(context, targets, end, stamp_fd)
        us = [sample(context, targets, end, stamp_fd)
              for _ in range(num_samples)]
        yield {"bench": "startup", "end": end, "us": us}
    yield {"bench": "burst", "us": [burst(context, targets)]}
    private_kib, pss_kib = memory(context, targets, stamp_fd)
    yield {"bench": "memory", "private_kib": [private_kib],
           "pss_kib": [pss_kib]}


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
            for fields in measure(module, targets, method, num_samples,
                                  stamp_fd):
                say(method=method, parent_mib=0, **fields)
        except Exception as error:  # one broken method leaves the others
            say(method=method, absent=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
