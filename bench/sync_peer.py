#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What shared objects cost in CPython's multiprocessing or in billiard.

    sync_peer.py MODULE SAMPLES CONTEND_MS [METHOD...]

The measures are those of sync.cc, in an interpreter's terms: the calls are
made in the quickest way that Python has, and the loop around them is part of
the figure. Prints one JSON object a line, with every sample, or with the
reason why there is none. Nothing heavy is imported up here, because a spawned
child imports this file too.
"""
import mmap
import os
import sys
import time

PAIRS_IN_BATCH = 1000
BATCHES_UNTIMED = 2
TRIPS_UNTIMED = 5
CONTEND_UNTIMED_SECONDS = 0.01
PAIRS_BETWEEN_LOOKS = 20  # at the board, to see whether to stop
JOIN_SECONDS = 30
MAX_CREW = 4

# The board that parent and crew share: numbers of 64 bits.
GO, STOP, COUNTER, TURN, COME = 0, 8, 16, 24, 32
DONE = COME + MAX_CREW
SAMPLES = DONE + MAX_CREW
MAX_SAMPLES = 4096
BOARD_BYTES = 8 * (SAMPLES + MAX_SAMPLES)


def attach(path):
    """Returns the board as numbers; indexing it is all that they cost."""
    fd = os.open(path, os.O_RDWR)
    numbers = memoryview(mmap.mmap(fd, BOARD_BYTES)).cast("q")
    os.close(fd)
    return numbers


def join_crew(path, index, processors):
    """Ties this process to a processor, meets the others, returns the board."""
    board = attach(path)
    if processors:
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[index % processors]})
    board[COME + index] = 1
    while not board[GO]:
        time.sleep(0.0005)
    return board


def pairs(path, index, processors, num_samples, lock):
    acquire, release = lock.acquire, lock.release
    board = join_crew(path, index, processors)
    for i in range(-BATCHES_UNTIMED, num_samples):
        begin_ns = time.monotonic_ns()
        for _ in range(PAIRS_IN_BATCH):
            acquire()
            release()
        if i >= 0:
            board[SAMPLES + i] = time.monotonic_ns() - begin_ns


def contend(path, index, processors, num_samples, lock):
    acquire, release = lock.acquire, lock.release
    board = join_crew(path, index, processors)
    done = 0
    while not board[STOP]:
        for _ in range(PAIRS_BETWEEN_LOOKS):
            acquire()
            board[COUNTER] += 1
            release()
        done += PAIRS_BETWEEN_LOOKS
    board[DONE + index] = done


def condition_trips(path, index, processors, num_samples, condition):
    board = join_crew(path, index, processors)
    begin_ns = time.monotonic_ns()
    for i in range(-TRIPS_UNTIMED, num_samples + 1):
        condition.acquire()
        while board[TURN] != index:
            condition.wait()
        board[TURN] = 1 - index
        condition.notify()
        condition.release()
        now_ns = time.monotonic_ns()
        if index == 0 and i > 0:
            board[SAMPLES + i - 1] = now_ns - begin_ns
        begin_ns = now_ns
        board[DONE + index] += 1


def event_trips(path, index, processors, num_samples, ping, pong):
    board = join_crew(path, index, processors)
    for i in range(-TRIPS_UNTIMED, num_samples):
        begin_ns = time.monotonic_ns()
        if index == 0:
            ping.set()
            pong.wait()
            pong.clear()
            if i >= 0:
                board[SAMPLES + i] = time.monotonic_ns() - begin_ns
        else:
            ping.wait()
            ping.clear()
            pong.set()
        board[DONE + index] += 1


def make_lock(context):
    return (context.Lock(),)


# bench, object, work, what to make, processes, numbers of processors (at most)
CASES = [
    ("lock_pair", "lock", "pairs", make_lock, 1, (0,)),
    ("lock_pair", "rlock", "pairs", lambda c: (c.RLock(),), 1, (0,)),
    ("lock_pair", "semaphore", "pairs", lambda c: (c.Semaphore(),), 1, (0,)),
    ("lock_contended", "lock", "contend", make_lock, 2, (2,)),
    ("lock_contended", "lock", "contend", make_lock, 4, (4,)),
    ("condition_round_trip", "condition", "condition_trips",
     lambda c: (c.Condition(),), 2, (2, 1)),
    ("event_round_trip", "event", "event_trips",
     lambda c: (c.Event(), c.Event()), 2, (2, 1)),
]


def observe(board, contend_ms):
    """Returns pairs a second of all together, over this long."""
    time.sleep(CONTEND_UNTIMED_SECONDS)
    begin, begin_ns = board[COUNTER], time.monotonic_ns()
    time.sleep(contend_ms / 1e3)
    end, end_ns = board[COUNTER], time.monotonic_ns()
    board[STOP] = 1
    return (end - begin) * 1e9 / (end_ns - begin_ns)


def join(crew):
    try:
        for process in crew:
            process.join(JOIN_SECONDS)
            if process.exitcode != 0:
                raise RuntimeError(f"exit code {process.exitcode}")
    finally:
        for process in crew:
            process.terminate()  # one that hangs; no effect on the others


def check(board, work, count):
    done = list(board[DONE:DONE + count])
    if work == "contend" and sum(done) != board[COUNTER]:
        raise RuntimeError(f"{done} pairs counted {board[COUNTER]}")
    if work.endswith("trips") and len(set(done)) != 1:
        raise RuntimeError(f"{done}: not as many turns there as back")
    return min(done) * count / (sum(done) or 1)


def measure(context, targets, case, processors, num_samples, contend_ms):
    """Returns the samples as the line about them has them."""
    _bench, _object, work, make, count, _ = case
    fd = os.memfd_create("board")
    os.ftruncate(fd, BOARD_BYTES)
    path = f"/proc/{os.getpid()}/fd/{fd}"
    board = attach(path)
    objects = make(context)
    crew = [context.Process(target=getattr(targets, work), daemon=True,
                            args=(path, index, processors, num_samples,
                                  *objects)) for index in range(count)]
    for process in crew:
        process.start()
    deadline = time.monotonic() + JOIN_SECONDS
    while not all(board[COME:COME + count]) and time.monotonic() < deadline:
        time.sleep(0.0005)
    board[GO] = 1
    rate = observe(board, contend_ms) if work == "contend" else None
    join(crew)
    os.close(fd)
    least_share = check(board, work, count)
    if rate is not None:
        return {"pairs_per_s": [round(rate, 3)],
                "least_share": [round(least_share, 3)]}
    divisor = PAIRS_IN_BATCH if work == "pairs" else 1
    return {"ns": [ns / divisor
                   for ns in board[SAMPLES:SAMPLES + num_samples]]}


def main():
    import importlib
    import json
    import platform

    name, num_samples, contend_ms = sys.argv[1], *map(int, sys.argv[2:4])
    methods = sys.argv[4:] or ["fork", "forkserver", "spawn"]
    impl = "cpython" if name == "multiprocessing" else name

    def say(**fields):
        print(json.dumps(fields), flush=True)

    try:
        module = importlib.import_module(name)
    except ImportError as error:
        say(impl=impl, absent=str(error))
        return
    # billiard's children cannot find the functions of __main__; CPython's can,
    # and importing this file a second time would only slow them down.
    targets = sys.modules["__main__"]
    if name != "multiprocessing":
        targets = importlib.import_module("sync_peer")
    version = getattr(module, "__version__", platform.python_version())
    num_processors = len(os.sched_getaffinity(0))
    for method in methods:
        try:
            context = module.get_context(method)
            for case in CASES:
                for processors in sorted({min(each, num_processors)
                                          for each in case[-1]}):
                    key = {"bench": case[0], "impl": impl, "object": case[1],
                           "context": method, "processes": case[4]}
                    if processors:
                        key["processors"] = processors
                    say(**key, version=version,
                        **measure(context, targets, case, processors,
                                  num_samples, contend_ms))
        except Exception as error:  # one broken method leaves the others
            say(impl=impl, context=method,
                absent=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
