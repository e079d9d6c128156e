# SPDX-License-Identifier: MIT
"""What sync_peer.py, ipc_peer.py and pool_peer.py have in common: a board of
numbers that parent and crew share, the gate, the crew, and the program around
them. Nothing heavy is imported up here, because a spawned child imports this
file too.
"""
import mmap
import os
import sys
import time

HUNG_SECONDS = 60
LOOK_SECONDS = 0.0005
MAX_CREW = 8
ALLOWED = sorted(os.sched_getaffinity(0))  # before anybody is tied

# Numbers on every board, apart as far as different processes write them: the
# round that may begin, the one that is to end, the one for which each of the
# crew has come, and those that a program's own begin with.
GO, STOP, COME, OWN = 0, 8, 16, 16 + MAX_CREW


def attach(path, count):
    """Returns so many numbers of 64 bits; indexing is all that they cost."""
    fd = os.open(path, os.O_RDWR)
    numbers = memoryview(mmap.mmap(fd, 8 * count)).cast("q")
    os.close(fd)
    return numbers


def tie(index, processors):
    """Ties this process to one of so many processors; 0: to none."""
    if processors:
        os.sched_setaffinity(0, {ALLOWED[index % processors]})


def meet(board, index, number=1):
    """Comes to the gate of a round, and waits until it opens."""
    board[COME + index] = number
    while board[GO] < number:
        time.sleep(LOOK_SECONDS)


def await_true(condition):
    """Waits for it; but not for ever, for somebody may have died."""
    deadline = time.monotonic() + HUNG_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("a process hangs, or has died")
        time.sleep(LOOK_SECONDS)


class Crew:
    """Processes that run target(path of the board, index, *arguments)."""

    def __init__(self, context, target, count, numbers, arguments):
        self.fd = os.memfd_create("board")
        os.ftruncate(self.fd, 8 * numbers)
        path = f"/proc/{os.getpid()}/fd/{self.fd}"
        self.board = attach(path, numbers)
        self.arguments = arguments  # a lock is gone with its maker's handle
        self.processes = [
            context.Process(target=target, daemon=True,
                            args=(path, index, *arguments))
            for index in range(count)]

    def __enter__(self):
        for process in self.processes:
            process.start()
        return self

    def begin(self, number=1):
        """Opens the gate when all have come."""
        end = COME + len(self.processes)
        await_true(lambda: min(self.board[COME:end]) >= number)
        self.board[GO] = number

    def __exit__(self, kind, *_):
        try:
            for process in self.processes if kind is None else ():
                process.join(HUNG_SECONDS)
                if process.exitcode != 0:
                    raise RuntimeError(f"exit code {process.exitcode}")
        finally:
            for process in self.processes:
                process.terminate()  # one that hangs; no effect on the others
            os.close(self.fd)


def main(script, measure, count=2):
    """Runs measure(context, targets, *numbers), which yields bench, object or
    None, and all else that a line says, for each method. targets has the
    functions of the script. So many numbers are between module and methods."""
    import importlib
    import json
    import platform

    name, numbers = sys.argv[1], [int(text) for text in sys.argv[2:2 + count]]
    methods = sys.argv[2 + count:] or ["fork", "forkserver", "spawn"]
    impl = "cpython" if name == "multiprocessing" else name

    def say(**fields):
        print(json.dumps(fields), flush=True)

    try:
        module = importlib.import_module(name)
    except ImportError as error:
        say(impl=impl, absent=str(error))
        return
    # billiard's children cannot find the functions of __main__; CPython's can,
    # and importing the script a second time would only slow them down.
    targets = sys.modules["__main__"]
    if name != "multiprocessing":
        targets = importlib.import_module(script)
    version = getattr(module, "__version__", platform.python_version())
    for method in methods:
        try:
            context = module.get_context(method)
            for bench, item, fields in measure(context, targets,
                                               *numbers):
                about = {"bench": bench, "impl": impl}
                if item is not None:
                    about["object"] = item
                say(**{**about, "context": method, "version": version,
                       **fields})
        except Exception as error:  # one broken method leaves the others
            say(impl=impl, context=method,
                absent=f"{type(error).__name__}: {error}")
