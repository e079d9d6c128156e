#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What calls to a SyncManager of CPython's multiprocessing or of billiard cost.

    manager_peer.py MODULE SAMPLES WINDOW_MS MOST_CLIENTS [METHOD...]

The measures are those of manager.cc, in an interpreter's terms. A crew stays
together for all that its number of clients do, because starting it takes longer
than what is measured. Prints one JSON object a line, with every sample, or with
the reason why there is none. Nothing heavy is imported up here, because a
spawned child imports this file too.
"""
import sys
import time

sys.dont_write_bytecode = True  # the module beside this file is a source
import peer  # noqa: E402

CLIENTS = (1, 4, 16, 100)
SMALL, LARGE = (8, 1 << 10), 8 << 20
LARGE_CLIENTS = 4
WINDOWS = 3
CALLS_UNTIMED = 3
UNTIMED_SECONDS = 0.01
LOST_SECONDS = 10
LIST_BYTES, LIST_ITEMS = 32 << 20, 4096

BENCHES = ("manager_dict_set", "manager_dict_get", "manager_list_append",
           "manager_lock_pair", "manager_queue_trip")

# Numbers on the board: of each client how many calls it has made in this round,
# and which round it is done with; samples in nanoseconds.
MAX_CLIENTS = max(CLIENTS)
COUNT, DONE = (peer.COME + MAX_CLIENTS * i for i in (1, 2))
SAMPLES = DONE + MAX_CLIENTS
MAX_SAMPLES = 4096
BOARD_NUMBERS = SAMPLES + MAX_SAMPLES


def rounds(clients):
    """Returns (bench, bytes) of all that so many clients do; a lock has no
    value."""
    sizes = (*SMALL, LARGE) if clients <= LARGE_CLIENTS else SMALL
    return [(bench, size) for size in sizes for bench in BENCHES
            if bench != "manager_lock_pair" or size == SMALL[0]]


def check(value, size):
    if len(value) != size or value[0] != value[-1]:
        raise RuntimeError("another value than was put")


def make_call(bench, objects, index, clients, size):
    shared, items, lock, queue = objects
    key, value = f"{index}", bytes([index]) * size
    most = min(LIST_BYTES // (size * clients) + 1, LIST_ITEMS)
    count = 0

    def set_item():
        shared[key] = value

    def get_item():
        check(shared[key], size)

    def append():
        nonlocal count
        count += 1
        if count % most == 0:
            items[:] = []
        items.append(value)

    def pair():
        lock.acquire()
        lock.release()

    def trip():
        queue.put(value)
        check(queue.get(), size)

    set_item()
    return dict(zip(BENCHES, (set_item, get_item, append, pair, trip)))[bench]


def work(path, index, clients, num_kept, *objects):
    """One client: round after round, as the board says."""
    board = peer.attach(path, BOARD_NUMBERS)
    first = SAMPLES + index * num_kept
    for number, (bench, size) in enumerate(rounds(clients), 1):
        call = make_call(bench, objects, index, clients, size)
        for _ in range(CALLS_UNTIMED):
            call()
        peer.meet(board, index, number)
        count = board[COUNT + index] = 0
        while board[peer.STOP] < number:
            begin_ns = time.monotonic_ns()
            call()
            board[first + count % num_kept] = time.monotonic_ns() - begin_ns
            count += 1
            board[COUNT + index] = count
        board[DONE + index] = number
    # The others may still get what this process has put.
    peer.await_true(lambda: min(board[DONE:DONE + clients])
                    == len(rounds(clients)))


def observe(board, clients, window_ms):
    """Returns calls a second of all, in a window that has at least one."""
    def count():
        return sum(board[COUNT:COUNT + clients])

    begin, begin_ns = count(), time.monotonic_ns()
    while True:
        time.sleep(window_ms / 1000)
        end, end_ns = count(), time.monotonic_ns()
        if end > begin:
            return round((end - begin) * 1e9 / (end_ns - begin_ns), 3)
        if end_ns - begin_ns > LOST_SECONDS * 1e9:
            raise RuntimeError("no call ended")


def measure_round(crew, clients, number, num_kept, window_ms):
    """Returns rates and samples of one round."""
    board = crew.board
    crew.begin(number)
    time.sleep(UNTIMED_SECONDS)
    rates = [observe(board, clients, window_ms) for _ in range(WINDOWS)]
    board[peer.STOP] = number
    peer.await_true(lambda: min(board[DONE:DONE + clients]) == number)
    us = []
    for index in range(clients):
        first = SAMPLES + index * num_kept
        kept = min(board[COUNT + index], num_kept)
        us += [ns / 1000 for ns in board[first:first + kept]]
    return rates, us


def measure(context, targets, num_samples, window_ms, most_clients):
    """Yields bench and fields. Each number of clients has a manager."""
    for clients in (n for n in CLIENTS if n <= most_clients):
        num_kept = max(min(num_samples, MAX_SAMPLES) // clients, 1)
        with context.Manager() as manager:
            objects = (manager.dict(), manager.list(), manager.Lock(),
                       manager.Queue())
            with peer.Crew(context, targets.work, clients, BOARD_NUMBERS,
                           (clients, num_kept, *objects)) as crew:
                for number, (bench, size) in enumerate(rounds(clients), 1):
                    rates, us = measure_round(crew, clients, number, num_kept,
                                              window_ms)
                    yield bench, None, {"clients": clients, "bytes": size,
                                        "ops_per_s": rates, "us": us}


if __name__ == "__main__":
    peer.main("manager_peer", measure, 3)
