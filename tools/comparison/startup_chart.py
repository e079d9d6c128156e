# SPDX-License-Identifier: MIT
"""Draws the chart of //tools:compare: what a start takes against the parent's
memory."""
import datetime
import platform

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

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
INK, DIM, FAINT = "#1a1a1a", "#5f5f5f", "#ececec"
LABEL_GAP = 0.052  # of the axis' height: the least between two labels


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


def apart(heights, gap):
    """Returns heights moved up until each is gap above the one below."""
    moved = {}
    floor = float("-inf")
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        floor = moved[name] = max(height, floor + gap)
    return moved


def headline(curves, sizes):
    server = curves.get(("brood", "forkserver"))
    fork = curves.get(("raw", "fork"))
    if not server or not fork:
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


def provenance(records, sizes):
    cpu = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            cpu = next(line.split(":", 1)[1].strip() for line in lines
                       if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    counts = [r["n"] for r in records
              if r["end"] == "joined" and r["impl"] in ("raw", "brood")]
    return (f"Start to joined, median of {min(counts)} to {max(counts)} starts;"
            " thin bars reach to Brood's 90th percentile. Private memory, written,"
            " 4 KiB pages.\n"
            f"Linux {platform.release()}, {cpu}, "
            f"{datetime.date.today().isoformat()}. "
            "bazel run -c opt //tools:compare")


def draw_curves(axes, curves, sizes):
    ends = {}
    for impl, method, label, colour, text in SERIES:
        curve = curves.get((impl, method))
        if not curve:
            continue
        at = [x for x, mib in enumerate(sizes) if mib in curve]
        p50 = [curve[sizes[x]]["p50_us"] for x in at]
        p90 = [curve[sizes[x]]["p90_us"] for x in at]
        ends[label] = (at[-1], p50[-1], text)
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
        if (record["impl"], record["end"]) != ("cpython", "joined"):
            continue
        axes.plot([0], [record["p50_us"]], marker="D", color=PEER,
                  markersize=5, linestyle="none", zorder=4)
        axes.annotate(f"CPython {record['method']} "
                      f"{duration(record['p50_us'])}",
                      (0, record["p50_us"]), (9, 0), va="center",
                      textcoords="offset points", color=PEER,
                      fontsize=9.5)


def draw_labels(axes, ends):
    """Names each curve at its right end, without one label on another."""
    place = axes.transData + axes.transAxes.inverted()
    heights = {label: place.transform((x, us))[1]
               for label, (x, us, _) in ends.items()}
    edge = max(place.transform((x, 1))[0] for x, _, _ in ends.values())
    for label, height in apart(heights, LABEL_GAP).items():
        _, us, colour = ends[label]
        axes.annotate(f"{label} {duration(us)}", (edge + 0.022, height),
                      xycoords="axes fraction", va="center", color=colour,
                      fontsize=10.5, annotation_clip=False,
                      fontweight="bold" if "Brood" in label else "normal")


def draw(records, path):
    """Writes an SVG file that depends on the records and the machine only."""
    matplotlib.rcParams.update({
        "svg.hashsalt": "brood", "svg.fonttype": "none", "font.size": 10.5,
        "font.family": "sans-serif", "text.color": INK,
        "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
        "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK})
    curves = {}
    for record in records:
        if record["end"] == "joined":
            curves.setdefault((record["impl"], record["method"]), {})[
                record["parent_mib"]] = record
    sizes = sorted({record["parent_mib"] for record in records})

    figure, axes = plt.subplots(figsize=(9.6, 5.6))
    figure.subplots_adjust(left=0.085, right=0.765, top=0.845, bottom=0.185)
    axes.set_yscale("log")
    ends = draw_curves(axes, curves, sizes)
    draw_peers(axes, records)
    axes.set_xlim(-0.15, max(len(sizes) - 1, 0.5) + 0.08)
    lowest = min(record["p50_us"] for curve in curves.values()
                 for record in curve.values())
    axes.set_ylim(lowest * 0.6, axes.get_ylim()[1] * 1.2)
    axes.set_xticks(range(len(sizes)), [size(mib) for mib in sizes])
    axes.set_xlabel("memory that the parent holds")
    ticks = [10.0 ** power for power in range(7)]
    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in ticks if low <= tick <= high])
    axes.yaxis.set_major_formatter(lambda us, _: duration(us))
    axes.yaxis.set_minor_formatter(lambda us, _: "")
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(which="both", length=0, pad=7)
    axes.set_title("start to joined, logarithmic scale", loc="left", x=-0.1,
                   fontsize=9.5, color=DIM, pad=8)
    draw_labels(axes, ends)
    figure.text(0.015, 0.965, headline(curves, sizes), fontsize=13.5,
                fontweight="bold", va="top")
    figure.text(0.015, 0.025, provenance(records, sizes), fontsize=8.5,
                color=DIM, va="bottom")
    figure.savefig(path, format="svg", facecolor="white",
                   metadata={"Date": None, "Creator": None})
    plt.close(figure)
