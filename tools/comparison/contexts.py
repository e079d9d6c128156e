# SPDX-License-Identifier: MIT
"""Tables with a row for each object and columns for each start method, and
figures of each start method for the targets."""
import collections

from comparison.run import METHODS, PEERS
from comparison.samples import find
from comparison.table import figure, noise_text, ratio

# A column is a field of the records over a divisor.
Column = collections.namedtuple("Column", "field head divisor text")
# Records that have all fields of `what`. Each start method has all columns;
# ratios are of the first, to the baseline (impl, object) and to the object of
# Brood's that has the same name. A table has a block for each value of the
# field `blocks`.
Table = collections.namedtuple("Table", "what title columns blocks baseline")


# Those that have figures of each start method.
OF_EACH_METHOD = ("brood", "queues", "executor", *PEERS)


def times(unit, divisor, text=figure):
    return (Column(f"p50_{unit}", "p50", divisor, text),
            Column(f"p99_{unit}", "p99", divisor, text))


def blocks(records, table):
    """Returns what tells the blocks of a table apart, as fields."""
    if table.blocks is None:
        return [{}]
    values = {r[table.blocks] for r in records
              if table.what.items() <= r.items()}
    return [{table.blocks: value} for value in sorted(values)]


def subjects(records, what):
    """Returns each (impl, object) once, in the order of measurement."""
    return list(dict.fromkeys((r["impl"], r["object"]) for r in records
                              if what.items() <= r.items()))


def width(table):
    return 8 if len(table.columns) > 1 else 12  # room for a method's name


def cells(record, table):
    values = (record.get(column.field) for column in table.columns)
    return "".join(
        f"{column.text(value and value / column.divisor):>{width(table)}}"
        for column, value in zip(table.columns, values))


def print_block(records, table, block):
    what = {**table.what, **block}
    field = table.columns[0].field
    impl, item = table.baseline
    base = find(records, **what, impl=impl, object=item, context="fork")
    head = item if impl == "raw" else impl
    name = "".join(f"{key}: {value}" for key, value in block.items())
    heads = "".join(f"{column.head:>{width(table)}}"
                    for column in table.columns)
    print(f"{name:24}" + "".join(f"{method:>{len(heads)}}"
                                 for method in METHODS)
          + f"{'times':>15}{'times':>8}  noise")
    print(f"{'':24}{heads * len(METHODS)}{head:>15}{'Brood':>8}")
    for impl, item in subjects(records, what):
        row = [find(records, **what, impl=impl, object=item, context=method)
               for method in METHODS]
        own = row[METHODS.index("fork")].get(field)
        brood = find(records, **what, impl="brood", object=item,
                     context="fork")
        print(f"{impl:<10}{item:<14}"
              + "".join(cells(record, table) for record in row)
              + f"{ratio(own, base.get(field)):>15}"
              + f"{ratio(own, brood.get(field)):>8}  {noise_text(*row)}")
    print()


def print_tables(records, tables):
    for table in tables:
        print(f"{table.title}\n")
        for block in blocks(records, table):
            print_block(records, table, block)


def per_context(records, field, subject, base, **what):
    """Returns (context, value, base) of a field of two (impl, object). Those
    of each start method are compared within a context, all else has but one."""
    figures = []
    for method in METHODS:
        above = {"impl": subject[0], "object": subject[1], "context": method}
        below = {"impl": base[0], "object": base[1]}
        if base[0] in OF_EACH_METHOD:
            below["context"] = method
        figures.append((method, find(records, **what, **above).get(field),
                        find(records, **what, **below).get(field)))
    return figures
