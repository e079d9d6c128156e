# SPDX-License-Identifier: MIT
"""The tables about pools, and how the figures stand to their targets."""
from comparison.contexts import Column, Table, per_context, print_tables, times
from comparison.run import METHODS
from comparison.samples import find
from comparison.table import figure, print_limit, print_target

BENCHES = ("pool_map", "pool_apply", "pool_new", "pool_lost")
# Names in the tables: what performs the tasks, and what it is compared with.
NAMES = {"raw": ("raw", "futex"), "brood_queues": ("queues", "pool"),
         "cpython_executor": ("executor", "pool")}

RATE = (Column("tasks_per_s", "k/s", 1e3, figure),)
QUEUES = ("queues", "pool")
EMPTY = Table({"bench": "pool_map", "task_us": 0, "workers": 2},
              "A map of empty tasks, two workers; thousand tasks a second; "
              "chunksize 0 is the default.\nqueues: two queues of Brood's and "
              "two workers, without a pool", RATE, "chunksize", QUEUES)
LENGTHS = Table({"bench": "pool_map", "chunksize": 1, "workers": 2},
                "A map of tasks that work so long, two workers, a chunk for "
                "each; thousand tasks a second", RATE, "task_us", QUEUES)
WORKERS = Table({"bench": "pool_map", "chunksize": 1, "task_us": 100},
                "A map of tasks of 100 us, a chunk for each; thousand tasks a "
                "second", RATE, "workers", QUEUES)
APPLY = Table({"bench": "pool_apply"},
              "An empty task by apply, two workers; microseconds there and "
              "back.\nfutex: two processes wake each other", times("us", 1),
              None, ("raw", "futex"))
NEW = Table({"bench": "pool_new"},
            "A pool of four is made, performs one task, and is freed; "
            "milliseconds", times("us", 1e3), None, ("cpython", "pool"))
LOST = Table({"bench": "pool_lost"},
             "A worker dies in a task, until apply says so; microseconds.\n"
             "waitpid: a process waits for another that dies",
             times("us", 1), None, ("raw", "waitpid"))
TABLES = (EMPTY, LENGTHS, WORKERS, APPLY, NEW, LOST)


def named(records):
    """Returns the records about pools, with what the tables need."""
    own = []
    for record in records:
        if record["bench"] in BENCHES:
            impl, item = NAMES.get(record["impl"], (record["impl"], "pool"))
            if (impl, record["bench"]) == ("raw", "pool_lost"):
                item = "waitpid"
            own.append({**record, "impl": impl, "object": item})
    return own


def ms(us):
    return us and us / 1e3


def print_targets(records):
    pool, cpython = ("brood", "pool"), ("cpython", "pool")

    def figures(table, subject, base, **block):
        return per_context(records, table.columns[0].field, subject, base,
                           **{**table.what, **block})

    print("Targets (medians of this run, for each context)\n")
    for chunksize, limit in ((1, 20), (0, 1)):
        chunks = f"chunksize {chunksize}" if chunksize else "default chunks"
        print_target(f"empty tasks a second, {chunks}, brood / cpython",
                     figures(EMPTY, pool, cpython, chunksize=chunksize), limit,
                     False)
    print_target("empty tasks a second, chunksize 1, brood / executor",
                 figures(EMPTY, pool, ("executor", "pool"), chunksize=1), 20,
                 False)
    for task_us, limit in ((10, .7), (100, .9)):
        print_target(f"tasks of {task_us} us a second, brood / queues",
                     figures(LENGTHS, pool, QUEUES, task_us=task_us), limit,
                     False)
    print_target("apply, brood / futex",
                 figures(APPLY, pool, ("raw", "futex")), 2, True)
    print_target("apply, brood / queues", figures(APPLY, pool, QUEUES), 3, True)
    print_target("apply, cpython / brood", figures(APPLY, cpython, pool), 5,
                 False)
    print_target("a new pool, cpython / brood", figures(NEW, cpython, pool), 3,
                 False)
    print_limit("a lost worker is told of, p99",
                [(method, ms(find(records, **LOST.what, impl="brood",
                                  context=method).get("p99_us")))
                 for method in METHODS], 5, "ms")


def print_all(records):
    print("Pools: medians, by workers of each start method; times are of "
          "fork's; sums of results are checked\n")
    own = named(records)
    print_tables(own, TABLES)
    print_targets(own)
