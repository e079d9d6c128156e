# SPDX-License-Identifier: MIT
"""The tables about shared objects, and how the figures stand to their
targets."""
import collections

from comparison.run import METHODS
from comparison.samples import find
from comparison.table import figure, print_target, ratio

# A column is a field of the records over a divisor.
Column = collections.namedtuple("Column", "field head divisor text")


def times(divisor):
    return (Column("p50_ns", "p50", divisor, figure),
            Column("p99_ns", "p99", divisor, figure))


def share(value):
    return "-" if value is None else f"{value:.2f}"


# Each context has all columns; ratios are of the first. A table has a block
# for each value of the field `blocks`.
Table = collections.namedtuple("Table", "bench title columns blocks baseline")
PAIR = Table("lock_pair",
             "Acquire and release without contention; nanoseconds a pair",
             times(1), None, "sem_t")
CONTENDED = Table("lock_contended",
                  "Acquire and release with contention; million pairs a second "
                  "of all together;\nleast: what the process got that got "
                  "least, 1.00 is as much as the others",
                  (Column("pairs_per_s", "M/s", 1e6, figure),
                   Column("least_share", "least", 1, share)),
                  "processes", "pthread_mutex")
EVENT = Table("event_round_trip",
              "Two processes wake each other by events; microseconds there and "
              "back", times(1e3), "processors", "futex")
CONDITION = Table("condition_round_trip",
                  "Two processes wake each other by a condition; microseconds "
                  "there and back", times(1e3), "processors", "pthread_cond")
TABLES = (PAIR, CONTENDED, EVENT, CONDITION)


def blocks(records, table):
    """Returns what tells the blocks of a table apart, as fields."""
    if table.blocks is None:
        return [{}]
    values = {r[table.blocks] for r in records if r["bench"] == table.bench}
    return [{table.blocks: value} for value in sorted(values)]


def subjects(records, what):
    """Returns each (impl, object) once, in the order of measurement."""
    return list(dict.fromkeys((r["impl"], r["object"]) for r in records
                              if what.items() <= r.items()))


def cells(record, table):
    values = (record.get(column.field) for column in table.columns)
    return "".join(
        f"{column.text(value and value / column.divisor):>8}"
        for column, value in zip(table.columns, values))


def print_block(records, table, block):
    what = {"bench": table.bench, **block}
    field = table.columns[0].field
    base = find(records, **what, impl="raw", object=table.baseline)
    name = "".join(f"{key}: {value}" for key, value in block.items())
    heads = "".join(f"{column.head:>8}" for column in table.columns)
    print(f"{name:24}" + "".join(f"{method:>16}" for method in METHODS)
          + f"{'times':>15}{'times':>8}")
    print(f"{'':24}{heads * len(METHODS)}{table.baseline:>15}{'Brood':>8}")
    for impl, item in subjects(records, what):
        row = [find(records, **what, impl=impl, object=item, context=method)
               for method in METHODS]
        own = row[METHODS.index("fork")].get(field)
        brood = find(records, **what, impl="brood", object=item)
        print(f"{impl:<10}{item:<14}"
              + "".join(cells(record, table) for record in row)
              + f"{ratio(own, base.get(field)):>15}"
              + f"{ratio(own, brood.get(field)):>8}")
    print()


def print_tables(records):
    for table in TABLES:
        print(f"{table.title}\n")
        for block in blocks(records, table):
            print_block(records, table, block)


def per_context(records, table, subject, base, **block):
    """Returns (context, value, base) of the table's first column. The raw
    objects have one context, the others are compared with their own."""
    what = {"bench": table.bench, **block}
    field = table.columns[0].field
    figures = []
    for method in METHODS:
        above = {"impl": subject[0], "object": subject[1], "context": method}
        below = {"impl": base[0], "object": base[1]}
        if base[0] != "raw":
            below["context"] = method
        figures.append((method, find(records, **what, **above).get(field),
                        find(records, **what, **below).get(field)))
    return figures


def print_targets(records):
    print("Targets (medians of this run, for each context)\n")
    lock = ("brood", "lock")
    print_target("brood lock / sem_t, without contention",
                 per_context(records, PAIR, lock, ("raw", "sem_t")), 1.5, True)
    print_target("cpython lock / brood lock, without contention",
                 per_context(records, PAIR, ("cpython", "lock"), lock), 2,
                 False)
    print_target("pairs a second of 4 processes, brood lock / pthread_mutex",
                 per_context(records, CONTENDED, lock,
                             ("raw", "pthread_mutex"), processes=4), 1, False)
    for block in blocks(records, EVENT):
        print_target(f"brood event / futex, processors: {block['processors']}",
                     per_context(records, EVENT, ("brood", "event"),
                                 ("raw", "futex"), **block), 1.3, True)


def print_all(records):
    records = [r for r in records if r["bench"] != "startup"]
    print("Shared objects: medians, in processes of each start method; times "
          "are of fork's\n")
    print_tables(records)
    print_targets(records)
