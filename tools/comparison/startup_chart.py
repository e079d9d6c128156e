# SPDX-License-Identifier: MIT
"""Draws the chart of starts: what one takes against the parent's memory."""
from comparison import chart

# Okabe and Ito's colours, darkened a little: colour-blind readers tell them
# apart. The raw calls are broad and grey, so a Brood curve that costs no more
# lies on top of its baseline, and both can be seen.
SERIES = (
    # impl, method, label, curve, text
    ("raw", "fork", "raw fork", "#d2d2d2", "#757575"),
    ("raw", "posix_spawn", "raw posix_spawn", "#d2d2d2", "#757575"),
    ("brood", "fork", "Brood fork", "#c85200", "#c85200"),
    ("brood", "spawn", "Brood spawn", "#0072b2", "#0072b2"),
    ("brood", "forkserver", "Brood forkserver", "#007a5a", "#007a5a"),
)
PEER = "#8f4f86"


def duration(us):
    if us >= 1e6:
        return f"{us / 1e6:.1f} s"
    if us >= 9950:
        return f"{us / 1e3:.0f} ms"
    if us >= 995:
        return f"{us / 1e3:.1f} ms".replace(".0 ", " ")
    return f"{us:.0f} µs"


def size(mib):
    if mib == 0:
        return "0"
    return f"{mib // 1024} GiB" if mib % 1024 == 0 else f"{mib} MiB"


def headline(curves, sizes):
    server = curves.get(("brood", "forkserver"), {})
    fork = curves.get(("raw", "fork"), {})
    # A machine may not have let a parent fork that holds much.
    sizes = [mib for mib in sizes if mib in server and mib in fork]
    if not sizes:
        return "What starting and joining a process costs"
    first, last = server[sizes[0]]["p50_us"], server[sizes[-1]]["p50_us"]
    flat = last <= 1.25 * first
    if not flat or len(sizes) == 1:
        return (f"Brood's forkserver starts and joins a process in "
                f"{duration(first)}, raw fork in "
                f"{duration(fork[sizes[0]]['p50_us'])}")
    return (f"Brood's forkserver starts and joins a process in "
            f"{duration(last)}, however much the parent holds;\n"
            f"fork takes {duration(fork[sizes[-1]]['p50_us'])} once that is "
            f"{size(sizes[-1])}")


def provenance(records):
    counts = chart.counts([r for r in records
                           if r["impl"] in ("raw", "brood")])
    return (f"Start to joined, median of {counts} starts; thin bars reach to "
            "Brood's 90th percentile. Private memory, written, 4 KiB pages.")


def draw_curves(axes, curves, sizes):
    ends = {}
    for impl, method, label, colour, text in SERIES:
        curve = curves.get((impl, method))
        if not curve:
            continue
        at = [x for x, mib in enumerate(sizes) if mib in curve]
        p50 = [curve[sizes[x]]["p50_us"] for x in at]
        p90 = [curve[sizes[x]]["p90_us"] for x in at]
        ends[label] = (at[-1], p50[-1], text, duration(p50[-1]))
        if impl == "raw":
            axes.plot(at, p50, color=colour, linewidth=8, zorder=3,
                      solid_capstyle="round", solid_joinstyle="round")
            continue
        axes.vlines(at, p50, p90, color=colour, linewidth=1.4, zorder=4)
        axes.plot(at, p50, color=colour, linewidth=2.2, zorder=5, marker="o",
                  markersize=5.5)
    return ends


def draw_peers(axes, records):
    """CPython at the left edge, where the parent holds nothing of its own."""
    for record in records:
        if record["impl"] != "cpython":
            continue
        axes.plot([0], [record["p50_us"]], marker="D", color=PEER,
                  markersize=5, linestyle="none", zorder=4)
        axes.annotate(f"CPython {record['method']} "
                      f"{duration(record['p50_us'])}",
                      (0, record["p50_us"]), (9, 0), va="center",
                      textcoords="offset points", color=PEER,
                      fontsize=9.5)


def shown(run):
    """Returns the records that the chart is of: none without a curve."""
    joined = [r for r in run["records"]
              if r["bench"] == "startup" and r["end"] == "joined"]
    curves = {entry[:2] for entry in SERIES}
    return joined if any((r["impl"], r["method"]) in curves
                         for r in joined) else []


def draw(run, path):
    records, curves = shown(run), {}
    for record in records:
        curves.setdefault((record["impl"], record["method"]), {})[
            record["parent_mib"]] = record
    sizes = sorted({record["parent_mib"] for record in records})

    figure, axes = chart.new_figure(right=0.765)
    ends = draw_curves(axes, curves, sizes)
    draw_peers(axes, records)
    axes.set_xlim(-0.15, max(len(sizes) - 1, 0.5) + 0.08)
    lowest = min(record["p50_us"] for curve in curves.values()
                 for record in curve.values())
    axes.set_ylim(lowest * 0.6, axes.get_ylim()[1] * 1.2)
    axes.set_xticks(range(len(sizes)), [size(mib) for mib in sizes])
    axes.set_xlabel("memory that the parent holds")
    chart.name_heights(axes, duration)
    chart.describe(axes, "start to joined, logarithmic scale")
    chart.name_ends(axes, ends)
    chart.save(figure, path, headline(curves, sizes),
               f"{provenance(records)}\n{chart.origin(run)}")
