# SPDX-License-Identifier: MIT
"""The tables about pipes and queues, and how the figures stand to their
targets."""
from comparison.contexts import (Column, Table, blocks, per_context,
                                 print_tables, subjects, times)
from comparison.samples import find
from comparison.table import (figure, noise_text, print_limit, print_target,
                              ratio)

PATTERNS = ("1:1", "4:1", "1:4", "4:4")
# Of small messages their number is of interest, of large ones the bytes.
SIZES = ((8, "8 B", "msgs_per_s"), (64, "64 B", "msgs_per_s"),
         (4096, "4 KiB", "msgs_per_s"), (1 << 16, "64 KiB", "mib_per_s"),
         (1 << 20, "1 MiB", "mib_per_s"))


def fine(value):
    """A figure of what may be far below one."""
    return f"{value:.2f}" if value and value < 10 else figure(value)


SMALL = Table({"bench": "throughput", "size": 64},
              "64 bytes, producers:consumers, in processes of each start method; "
              "thousand messages a second",
              (Column("msgs_per_s", "64 B", 1e3, figure),), "pattern",
              ("boost", "queue"))
TRIPS = Table({"bench": "round_trip"},
              "64 bytes to and fro; microseconds. spin: on two processors, who "
              "looks need not sleep;\nblock: on one processor, who waits must "
              "let the other run",
              times("us", 1, fine), "wait", ("raw", "futex"))


def print_sizes(records):
    print("Producers:consumers by fork; thousand messages a second, from 64 KiB "
          "on MiB a second;\ntimes are of 64 B\n")
    for pattern in PATTERNS:
        what = {"bench": "throughput", "pattern": pattern, "context": "fork"}
        if not subjects(records, what):
            continue  # a quick run
        boost = find(records, **what, size=64, impl="boost")
        heads = "".join(f"{name:>10}" for _, name, _ in SIZES)
        print(f"{'':24}{'':50}{'times':>10}{'times':>8}")
        print(f"{pattern:24}{heads}{'boost':>10}{'Brood':>8}  noise")
        for impl, item in subjects(records, what):
            cells = ""
            row = [find(records, **what, size=size, impl=impl, object=item)
                   for size, *_ in SIZES]
            for record, (_, _, field) in zip(row, SIZES):
                value = record.get(field)
                thousand = 1e3 if field == "msgs_per_s" else 1
                cells += f"{figure(value and value / thousand):>10}"
            own = find(records, **what, size=64, impl=impl, object=item)
            brood = find(records, **what, size=64, impl="brood", object=item)
            over = [ratio(own.get("msgs_per_s"), each.get("msgs_per_s"))
                    for each in (boost, brood)]
            print(f"{impl:<10}{item:<14}{cells}{over[0]:>10}{over[1]:>8}  "
                  + noise_text(*row))
        print()


def print_rates(records):
    def rates(text, impl_object, base, limit, field="msgs_per_s", **what):
        print_target(text, per_context(records, field, impl_object, base,
                                       bench="throughput", **what),
                     limit, False)

    queue, pipe = ("brood", "queue"), ("brood", "pipe")
    boost, cpython = ("boost", "queue"), ("cpython", "queue")
    rates("brood queue / boost, 64 B 1:1", queue, boost, 3, size=64,
          pattern="1:1")
    rates("brood queue / cpython queue, 64 B 1:1", queue, cpython, 40, size=64,
          pattern="1:1")
    rates("brood queue / boost, 4 KiB 1:1", queue, boost, 2, size=4096,
          pattern="1:1")
    rates("brood queue / boost, 64 KiB 1:1", queue, boost, 2, size=1 << 16,
          pattern="1:1")
    rates("brood queue / boost, 64 B 4:4", queue, boost, 1, size=64,
          pattern="4:4")
    rates("brood pipe / raw socketpair, 1 MiB 1:1", pipe,
          ("raw", "socketpair"), .9, "mib_per_s", size=1 << 20, pattern="1:1")


def print_trips(records):
    for block in blocks(records, TRIPS):
        def trips(item, base):
            return per_context(records, "p50_us", ("brood", item), base,
                               **TRIPS.what, **block)

        wait = block["wait"]
        if wait == "block":
            print_target("brood queue / raw futex, round trip, block",
                         trips("queue", ("raw", "futex")), 1.3, True)
        else:
            print_limit("brood queue, round trip, spin",
                        [each[:2] for each in trips("queue", ("raw", "word"))],
                        2, "us")
        print_target(f"brood pipe / raw socketpair, round trip, {wait}",
                     trips("pipe", ("raw", "socketpair")), 1.2, True)


def print_all(records):
    print("Pipes and queues: medians; what each message is, and that it arrives "
          "as it was sent,\nis checked\n")
    print_sizes(records)
    print_tables(records, (SMALL, TRIPS))
    print("Targets (medians of this run, for each context)\n")
    print_rates(records)
    print_trips(records)
