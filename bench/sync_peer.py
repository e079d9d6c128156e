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
import sys
import time

sys.dont_write_bytecode = True  # the module beside this file is a source
import peer  # noqa: E402
from peer import OWN, STOP  # noqa: E402

PAIRS_IN_BATCH = 1000
BATCHES_UNTIMED = 2
TRIPS_UNTIMED = 5
CONTEND_UNTIMED_SECONDS = 0.01
PAIRS_BETWEEN_LOOKS = 20  # at the board, to see whether to stop

# Numbers on the board.
COUNTER, TURN, DONE = OWN, OWN + 8, OWN + 16
SAMPLES = DONE + peer.MAX_CREW
MAX_SAMPLES = 4096
BOARD_NUMBERS = SAMPLES + MAX_SAMPLES


def join_crew(path, index, processors):
    """Ties this process to a processor, meets the others, returns the board."""
    board = peer.attach(path, BOARD_NUMBERS)
    peer.tie(index, processors)
    peer.meet(board, index)
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


def check(board, work, count):
    done = list(board[DONE:DONE + count])
    if work == "contend" and sum(done) != board[COUNTER]:
        raise RuntimeError(f"{done} pairs counted {board[COUNTER]}")
    if work.endswith("trips") and len(set(done)) != 1:
        raise RuntimeError(f"{done}: not as many turns there as back")
    return min(done) * count / (sum(done) or 1)


def measure_case(context, targets, case, processors, num_samples, contend_ms):
    """Returns the samples as the line about them has them."""
    _bench, _object, work, make, count, _ = case
    crew = peer.Crew(context, getattr(targets, work), count, BOARD_NUMBERS,
                     (processors, num_samples, *make(context)))
    with crew:
        crew.begin()
        if work == "contend":
            rate = observe(crew.board, contend_ms)
    least_share = check(crew.board, work, count)
    if work == "contend":
        return {"pairs_per_s": [round(rate, 3)],
                "least_share": [round(least_share, 3)]}
    divisor = PAIRS_IN_BATCH if work == "pairs" else 1
    return {"ns": [ns / divisor
                   for ns in crew.board[SAMPLES:SAMPLES + num_samples]]}


def measure(context, targets, num_samples, contend_ms):
    for case in CASES:
        bench, item, *_, count, places = case
        for processors in sorted({min(each, len(peer.ALLOWED))
                                  for each in places}):
            fields = {"processes": count}
            if processors:
                fields["processors"] = processors
            yield bench, item, {**fields, **measure_case(
                context, targets, case, processors, num_samples, contend_ms)}


if __name__ == "__main__":
    peer.main("sync_peer", measure)
