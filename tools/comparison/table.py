# SPDX-License-Identifier: MIT
"""How figures are printed, and how they stand to their targets."""
import os


def figure(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def ratio(value, base):
    return f"{value / base:.2f}" if value and base else "-"


def print_target(text, figures, limit, at_most, unit=""):
    """figures: (name, value, base); met if the limit holds for each of them.
    With a unit, values and bases are printed too."""
    if not all(value and base for _, value, base in figures):
        print(f"  not measured  {text}")
        return
    ratios = [value / base for _, value, base in figures]
    met = max(ratios) <= limit if at_most else min(ratios) >= limit
    word = "at most" if at_most else "at least"
    listed = ", ".join(f"{name} {ratio(value, base)}".strip()
                       for name, value, base in figures)
    details = "".join(f"; {figure(value)} over {figure(base)} {unit}"
                      for _, value, base in figures if unit)
    print(f"  {'met   ' if met else 'missed'}  {text}: {listed}"
          f" ({word} {limit:g}{details})")


def print_limit(text, figures, limit, unit):
    """figures: (name, value); met if none is over the limit."""
    if not all(value for _, value in figures):
        print(f"  not measured  {text}")
        return
    met = max(value for _, value in figures) <= limit
    listed = ", ".join(f"{name} {value:.2f}" for name, value in figures)
    print(f"  {'met   ' if met else 'missed'}  {text}: {listed} {unit}"
          f" (at most {limit:g} {unit})")


def print_notes(samples):
    notes = [f"absent: {name}: {reason}"
             for name, reason in samples.absent.items()]
    notes += [f"{impl} {version}"
              for impl, version in samples.versions.items()]
    notes += [f"//bench:{name} was built without -c opt; its figures say "
              "little" for name in sorted(samples.unoptimized)]
    load = os.getloadavg()[0]
    if load > 2.5:  # this program itself accounts for up to two
        notes.append(f"load average {load:.1f}: the machine does other work; "
                     "trust ratios more than figures")
    print("\n" + "\n".join(f"  {note}" for note in notes))
