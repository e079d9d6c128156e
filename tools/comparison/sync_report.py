# SPDX-License-Identifier: MIT
"""The tables about shared objects, and how the figures stand to their
targets."""
from comparison.contexts import (Column, Table, blocks, per_context,
                                 print_tables, times)
from comparison.table import figure, print_target


def share(value):
    return "-" if value is None else f"{value:.2f}"


PAIR = Table({"bench": "lock_pair"},
             "Acquire and release without contention; nanoseconds a pair",
             times("ns", 1), None, ("raw", "sem_t"))
CONTENDED = Table({"bench": "lock_contended"},
                  "Acquire and release with contention; million pairs a second "
                  "of all together;\nleast: what the process got that got "
                  "least, 1.00 is as much as the others",
                  (Column("pairs_per_s", "M/s", 1e6, figure),
                   Column("least_share", "least", 1, share)),
                  "processes", ("raw", "pthread_mutex"))
EVENT = Table({"bench": "event_round_trip"},
              "Two processes wake each other by events; microseconds there and "
              "back", times("ns", 1e3), "processors", ("raw", "futex"))
CONDITION = Table({"bench": "condition_round_trip"},
                  "Two processes wake each other by a condition; microseconds "
                  "there and back", times("ns", 1e3), "processors",
                  ("raw", "pthread_cond"))
TABLES = (PAIR, CONTENDED, EVENT, CONDITION)


def print_targets(records):
    def figures(table, subject, base, **block):
        return per_context(records, table.columns[0].field, subject, base,
                           **table.what, **block)

    print("Targets (medians of this run, for each context)\n")
    lock = ("brood", "lock")
    print_target("brood lock / sem_t, without contention",
                 figures(PAIR, lock, ("raw", "sem_t")), 1.5, True)
    print_target("cpython lock / brood lock, without contention",
                 figures(PAIR, ("cpython", "lock"), lock), 2, False)
    print_target("pairs a second of 4 processes, brood lock / pthread_mutex",
                 figures(CONTENDED, lock, ("raw", "pthread_mutex"),
                         processes=4), 1, False)
    for block in blocks(records, EVENT):
        print_target(f"brood event / futex, processors: {block['processors']}",
                     figures(EVENT, ("brood", "event"), ("raw", "futex"),
                             **block), 1.3, True)


def print_all(records):
    print("Shared objects: medians, in processes of each start method; times "
          "are of fork's\n")
    print_tables(records, TABLES)
    print_targets(records)
