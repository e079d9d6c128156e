# SPDX-License-Identifier: MIT
"""How figures are printed, and how they stand to their targets."""
from comparison import machine
from comparison.samples import noise

QUIET = .1  # a row is quiet if no round's median is further from the middle


def figure(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def ratio(value, base):
    return f"{value / base:.2f}" if value and base else "-"


def noise_text(*records):
    """The verdict on a row, which is that on the noisiest of its records."""
    known = [each for each in map(noise, filter(None, records))
             if each is not None]
    if not known:
        return "1 round"
    return "quiet" if max(known) <= QUIET else f"noisy: ±{max(known):.0%}"


def print_noise(records):
    """One line about all rows."""
    known = {index: noise(record) for index, record in enumerate(records)
             if noise(record) is not None}
    if not known:
        print("  Noise: there was only one round, so nothing is known of it.")
        return
    quiet = sum(each <= QUIET for each in known.values())
    print(f"  Noise: {quiet} of {len(known)} figures are quiet (no round's "
          f"median is further than {QUIET:.0%} from that of all rounds); the "
          f"worst is ±{max(known.values()):.0%}.")


def print_target(text, figures, limit, at_most, unit=""):
    """figures: (name, value, base); met if the limit holds for each of them,
    partly if it holds for those that were measured. With a unit, values and
    bases are printed too."""
    ratios = [value / base for _, value, base in figures if value and base]
    if not ratios:
        print(f"  not measured  {text}")
        return
    met = max(ratios) <= limit if at_most else min(ratios) >= limit
    verdict = "met" if len(ratios) == len(figures) else "partly"
    word = "at most" if at_most else "at least"
    listed = ", ".join(f"{name} {ratio(value, base)}".strip()
                       for name, value, base in figures)
    details = "".join(f"; {figure(value)} over {figure(base)} {unit}"
                      for _, value, base in figures if unit)
    print(f"  {verdict if met else 'missed':6}  {text}: {listed}"
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


def print_notes(run):
    notes = [f"absent: {name}: {reason}"
             for name, reason in run["absent"].items()]
    notes += [f"{impl} {version}" for impl, version in run["versions"].items()]
    notes += [f"//bench:{name} was built without -c opt; its figures say "
              "little" for name in run["unoptimized"]]
    load = run["load"]
    if load > 2.5:  # this program itself accounts for up to two
        notes.append(f"load average {load:.1f}: the machine does other work; "
                     "trust ratios more than figures")
    notes.append(machine.text(run["machine"]))
    print()
    print_noise(run["records"])
    print("\n".join(f"  {note}" for note in notes))
