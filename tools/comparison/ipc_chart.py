# SPDX-License-Identifier: MIT
"""Draws the chart of throughput: bytes a second against the size of a message,
from one process by fork to another."""
from comparison import chart

# Colours as in startup_chart.py: what is raw is broad and grey.
SERIES = (
    # impl, object, label, curve, text
    ("raw", "socketpair", "raw socket pair", "#e2e2e2", "#8a8a8a"),
    ("raw", "pipe", "raw pipe", "#c6c6c6", "#666666"),
    ("billiard", "queue", "billiard Queue", "#c79fc0", "#8f4f86"),
    ("cpython", "queue", "CPython Queue", "#8f4f86", "#8f4f86"),
    ("zeromq", "queue", "ZeroMQ", "#8a6d00", "#8a6d00"),
    ("boost", "queue", "Boost queue", "#3a3a3a", "#3a3a3a"),
    ("brood", "pipe", "Brood Pipe", "#c85200", "#c85200"),
    ("brood", "simple_queue", "Brood SimpleQueue", "#0072b2", "#0072b2"),
    ("brood", "queue", "Brood Queue", "#007a5a", "#007a5a"),
)


def size(size_bytes):
    for unit in ("B", "KiB"):
        if size_bytes < 1024:
            return f"{size_bytes} {unit}"
        size_bytes //= 1024
    return f"{size_bytes} MiB"


def rate(mib):
    if mib >= 1000:
        return f"{mib / 1024:.1f} GiB/s".replace(".0 ", " ")
    return f"{mib:.0f} MiB/s" if mib >= 10 else f"{mib:.2g} MiB/s"


def millions(record):
    return f"{record['msgs_per_s'] / 1e6:.1f} million"


def headline(curves):
    brood = curves.get(("brood", "queue"), {}).get(64)
    boost = curves.get(("boost", "queue"), {}).get(64)
    if not brood or not boost:
        return "What pipes and queues carry from one process to another"
    return (f"Brood's Queue carries {millions(brood)} messages of 64 bytes a "
            f"second,\nBoost's message_queue {millions(boost)}")


def draw_curves(axes, curves):
    ends = {}
    for impl, item, label, colour, text in SERIES:
        curve = curves.get((impl, item))
        if not curve:
            continue
        sizes = sorted(curve)
        mib = [curve[each]["mib_per_s"] for each in sizes]
        ends[label] = (sizes[-1], mib[-1], text, rate(mib[-1]))
        if impl == "raw":
            axes.plot(sizes, mib, color=colour, linewidth=8, zorder=3,
                      solid_capstyle="round", solid_joinstyle="round")
            continue
        axes.plot(sizes, mib, color=colour, zorder=5 + (impl == "brood"),
                  linewidth=2.2 if impl == "brood" else 1.6, marker="o",
                  markersize=5.5 if impl == "brood" else 4)
    return ends


def shown(run):
    """Returns the records that the chart is of."""
    curves = {entry[:2] for entry in SERIES}
    return [r for r in run["records"] if r["bench"] == "throughput"
            and (r["context"], r["pattern"]) == ("fork", "1:1")
            and (r["impl"], r["object"]) in curves and r["mib_per_s"] > 0]


def draw(run, path):
    records = shown(run)
    curves = {}
    for record in records:
        curves.setdefault((record["impl"], record["object"]), {})[
            record["size"]] = record
    sizes = sorted({record["size"] for record in records})

    figure, axes = chart.new_figure(right=0.7)
    axes.set_xscale("log", base=2)
    ends = draw_curves(axes, curves)
    axes.set_xticks(sizes, [size(each) for each in sizes])
    axes.minorticks_off()
    axes.set_xlim(sizes[0] / 1.6, sizes[-1] * 1.3)
    axes.set_xlabel("size of a message")
    chart.name_heights(axes, lambda mib: f"{mib:,g}")
    chart.describe(axes, "MiB a second, logarithmic scales")
    chart.name_ends(axes, ends, lines=True)
    chart.save(figure, path, headline(curves),
               "One producer and one consumer, each tied to a processor; median "
               f"of {chart.counts(records)} samples. Every message verified.\n"
               + chart.origin(run))
