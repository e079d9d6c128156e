#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a pool costs in CPython's multiprocessing or in billiard; with CPython
also in concurrent.futures, as "cpython_executor".

    pool_peer.py MODULE SAMPLES MAP_MS [METHOD...]

The measures are those of pool.cc, in an interpreter's terms. Prints one JSON
object a line, with every sample, or with the reason why there is none. Nothing
heavy is imported up here, because a spawned child imports this file too.
"""
import os
import sys
import time

sys.dont_write_bytecode = True  # the module beside this file is a source
import peer  # noqa: E402

ORDER_BITS = 32
TASKS_US = (0, 1, 10, 100, 1000)
LEAST_TASK_US, LEAST_ITEMS = 5, 16
SCALED_TASK_US = 100
DEFAULT_CHUNKSIZE = 0
APPLY_WORKERS, LENGTH_WORKERS, NEW_WORKERS = 2, 2, 4
MAPS, MOST_NEWS = 3, 3
SAMPLES_FOR_A_NEW = 20
MAPS_UNTIMED, APPLIES_UNTIMED = 1, 5
MEET_SECONDS = 0.002


def perform(order):
    """Works for the microseconds of an order, and returns its number."""
    work_us = order >> ORDER_BITS
    if work_us:
        end_ns = time.thread_time_ns() + 1000 * work_us
        while time.thread_time_ns() < end_ns:
            pass
    return order & ((1 << ORDER_BITS) - 1)


def who(_order):
    time.sleep(MEET_SECONDS)
    return os.getpid()


class Pool:
    """A pool of CPython's."""
    processors = len(peer.ALLOWED)
    counts = sorted({1, 2, processors, 2 * processors})

    def __init__(self, context, workers):
        self.pool = context.Pool(workers)

    def apply(self, task, order):
        return self.pool.apply_async(task, (order,)).get(peer.HUNG_SECONDS)

    def map(self, task, orders, chunksize):
        done = self.pool.map_async(task, orders, chunksize or None)
        return done.get(peer.HUNG_SECONDS)

    def free(self):
        self.pool.terminate()
        self.pool.join()


class BilliardPool(Pool):
    """One of billiard's. Its terminate may wait for ever for a worker that is
    just beginning; close does not, and takes a second. So there are fewer. A
    worker that has forked waits 30 seconds at its end for a program that has
    long read all of its results."""
    counts = [LENGTH_WORKERS]

    def __init__(self, context, workers):
        import billiard.pool

        billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 1
        super().__init__(context, workers)

    def free(self):
        self.pool.close()
        self.pool.join()


class Executor:
    """A pool of concurrent.futures. It has no default chunk size but 1: it
    gets that of the others."""
    counts = Pool.counts

    def __init__(self, context, workers):
        from concurrent.futures import ProcessPoolExecutor

        self.workers = workers
        self.pool = ProcessPoolExecutor(workers, mp_context=context)

    def apply(self, task, order):
        return self.pool.submit(task, order).result(peer.HUNG_SECONDS)

    def map(self, task, orders, chunksize):
        chunksize = chunksize or -(-len(orders) // (4 * self.workers))
        return list(self.pool.map(task, orders, chunksize=chunksize,
                                  timeout=peer.HUNG_SECONDS))

    def free(self):
        self.pool.shutdown(wait=True, cancel_futures=True)


def await_all(pool, who, workers):
    """Returns when each worker has performed a task."""
    pids = set()

    def all_came():
        pids.update(pool.map(who, range(4 * workers), 1))
        return len(pids) == workers

    peer.await_true(all_came)


def check(right):
    if not right:
        raise RuntimeError("results of another sum")


def apply(pool, perform, number):
    begin_ns = time.monotonic_ns()
    check(pool.apply(perform, number) == number)
    return (time.monotonic_ns() - begin_ns) / 1e3


def tasks_per_s(pool, perform, orders, chunksize):
    begin_ns = time.monotonic_ns()
    total = sum(pool.map(perform, orders, chunksize))
    end_ns = time.monotonic_ns()
    check(total == len(orders) * (len(orders) - 1) // 2)
    return len(orders) * 1e9 / (end_ns - begin_ns)


def map_cases(workers):
    """Returns chunk sizes and lengths of tasks, as in pool.cc."""
    yield DEFAULT_CHUNKSIZE, 0
    for task_us in TASKS_US:
        if task_us in (0, SCALED_TASK_US) or workers == LENGTH_WORKERS:
            yield 1, task_us


def measure_maps(pool, perform, workers, map_ms):
    for chunksize, task_us in map_cases(workers):
        items = max(map_ms * 1000 // max(task_us, LEAST_TASK_US), LEAST_ITEMS)
        orders = [task_us << ORDER_BITS | i for i in range(items)]
        rates = [tasks_per_s(pool, perform, orders, chunksize)
                 for _ in range(MAPS_UNTIMED + MAPS)][MAPS_UNTIMED:]
        yield "pool_map", {"workers": workers, "chunksize": chunksize,
                           "task_us": task_us,
                           "tasks_per_s": [round(rate, 3) for rate in rates]}


def measure_applies(pool, perform, num_samples):
    us = [apply(pool, perform, i)
          for i in range(APPLIES_UNTIMED + num_samples)][APPLIES_UNTIMED:]
    yield "pool_apply", {"us": us}


def measure_news(make, context, perform, num_samples):
    us = []
    for _ in range(max(1, min(num_samples // SAMPLES_FOR_A_NEW, MOST_NEWS))):
        begin_ns = time.monotonic_ns()
        pool = make(context, NEW_WORKERS)
        check(pool.apply(perform, 1) == 1)
        pool.free()
        us.append((time.monotonic_ns() - begin_ns) / 1e3)
    yield "pool_new", {"workers": NEW_WORKERS, "us": us}


def measure_kind(make, context, targets, num_samples, map_ms):
    """Yields bench and fields of one kind of pool. Those that are made last
    find the server of a forkserver."""
    for workers in make.counts:
        pool = make(context, workers)
        try:
            await_all(pool, targets.who, workers)
            yield from measure_maps(pool, targets.perform, workers, map_ms)
            if workers == APPLY_WORKERS:
                yield from measure_applies(pool, targets.perform, num_samples)
        finally:
            pool.free()
    yield from measure_news(make, context, targets.perform, num_samples)


def measure(context, targets, num_samples, map_ms):
    kinds = [(BilliardPool, {})]
    if targets is sys.modules["__main__"]:
        kinds = [(Pool, {}), (Executor, {"impl": "cpython_executor"})]
    for make, more in kinds:
        for bench, fields in measure_kind(make, context, targets, num_samples,
                                          map_ms):
            yield bench, None, {**more, **fields}


if __name__ == "__main__":
    peer.main("pool_peer", measure)
