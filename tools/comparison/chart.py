# SPDX-License-Identifier: MIT
"""What the charts of //tools:compare have in common: the look, names at the
ends of curves, and where the figures come from."""
import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

INK, DIM, FAINT = "#1a1a1a", "#5f5f5f", "#ececec"
LABEL_GAP = 0.052  # of the axis' height: the least between two labels


def apart(heights, gap):
    """Returns heights moved up until each is gap above the one below."""
    moved = {}
    floor = float("-inf")
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        floor = moved[name] = max(height, floor + gap)
    return moved


def origin(run):
    """Says where a run's figures come from, and when, if it knows."""
    machine = run["machine"]
    about = (f"Linux {machine['kernel']}", machine["cpu"], run.get("date"))
    return (", ".join(filter(None, about))
            + ". bazel run -c opt //tools:compare")


def new_figure(right):
    """Returns a figure and its axes, whose height is logarithmic. What is right
    of them is for names."""
    matplotlib.rcParams.update({
        "svg.hashsalt": "brood", "svg.fonttype": "none", "font.size": 10.5,
        "font.family": "sans-serif", "text.color": INK,
        "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
        "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK})
    figure, axes = plt.subplots(figsize=(9.6, 5.6))
    figure.subplots_adjust(left=0.085, right=right, top=0.845, bottom=0.185)
    axes.set_yscale("log")
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(which="both", length=0, pad=7)
    return figure, axes


def name_heights(axes, name):
    """Writes powers of ten beside the axis, as name has them."""
    low, high = axes.get_ylim()
    ticks = [10.0 ** power for power in range(-6, 9)]
    axes.set_yticks([tick for tick in ticks if low <= tick <= high])
    axes.yaxis.set_major_formatter(lambda value, _: name(value))
    axes.yaxis.set_minor_formatter(lambda value, _: "")


def name_ends(axes, ends, lines=False):
    """Names each curve at its right end, without one label on another; ends:
    {name: (x, y, colour, figure)}. With lines from ends to names if the names
    may be far from them."""
    place = axes.transData + axes.transAxes.inverted()
    heights = {name: place.transform((x, y))[1]
               for name, (x, y, *_) in ends.items()}
    edge = max(place.transform((x, y))[0] for x, y, *_ in ends.values())
    for name, height in apart(heights, LABEL_GAP).items():
        _, _, colour, figure = ends[name]
        start = edge + (0.05 if lines else 0.022)
        axes.annotate(f"{name} {figure}", (start, height),
                      xycoords="axes fraction", va="center", color=colour,
                      fontsize=10.5, annotation_clip=False,
                      fontweight="bold" if "Brood" in name else "normal")
        if lines:
            axes.plot([edge + 0.01, start - 0.008], [heights[name], height],
                      transform=axes.transAxes, color=colour, linewidth=0.8,
                      clip_on=False)


def describe(axes, what):
    axes.set_title(what, loc="left", x=-0.1, fontsize=9.5, color=DIM, pad=8)


def counts(records):
    """Says of how many samples the figures are."""
    least, most = (of(record["n"] for record in records) for of in (min, max))
    return f"{least}" if least == most else f"{least} to {most}"


def save(figure, path, headline, provenance):
    """Writes an SVG file that depends on the run only."""
    figure.text(0.015, 0.965, headline, fontsize=13.5, fontweight="bold",
                va="top")
    figure.text(0.015, 0.025, provenance, fontsize=8.5, color=DIM, va="bottom")
    figure.savefig(path, format="svg", facecolor="white",
                   metadata={"Date": None, "Creator": None})
    plt.close(figure)
