# SPDX-License-Identifier: MIT
"""The samples that benchmarks and peers have printed, and the records that
//tools:compare makes of them.

A line is a JSON object. Its lists are samples, under the name of their unit;
"optimized" and "version" tell of the program; "absent" is the reason why there
are no samples. All else says what was measured, and goes into the record.
"""
import json
import math
import statistics

ABOUT_THE_PROGRAM = ("optimized", "version")
PERCENTILES = (("p50", .50), ("p90", .90), ("p99", .99))
# Of a time the percentiles tell; of these the median, to so many digits.
MEDIANS = {"pairs_per_s": 0, "least_share": 2, "msgs_per_s": 0, "mib_per_s": 1,
           "tasks_per_s": 0, "ops_per_s": 0, "private_kib": 0, "pss_kib": 0}
SIZES = ("private_kib", "pss_kib")  # of these less is better, of rates more


class Samples:
    """All samples so far, and why some are missing."""

    def __init__(self):
        self.round = 1       # to which the lines belong that come now
        self.series = {}     # what was measured: {unit: {round: [sample, ...]}}
        self.absent = {}     # what, in words: reason
        self.versions = {}   # impl: text
        self.unoptimized = set()  # names of benchmarks

    def take(self, line):
        item = json.loads(line)
        what = {name: value for name, value in item.items()
                if name not in ABOUT_THE_PROGRAM and name != "absent"
                and not isinstance(value, list)}
        if "version" in item:
            self.versions[item["impl"]] = item["version"]
        if not item.get("optimized", True):
            self.unoptimized.add(item["bench"])
        if "absent" in item:
            self.absent[" ".join(map(str, what.values()))] = item["absent"]
            return
        series = self.series.setdefault(tuple(what.items()), {})
        for name, value in item.items():
            if isinstance(value, list):
                rounds = series.setdefault(name, {})
                rounds.setdefault(self.round, []).extend(value)

    def records(self):
        """Returns one record for each kind of sample."""
        return [{**dict(what), **figures(series)}
                for what, series in self.series.items()]


def percentiles(samples):
    """By nearest rank: the least sample that this share of all do not exceed."""
    ordered = sorted(samples)
    return {name: ordered[max(math.ceil(share * len(ordered)), 1) - 1]
            for name, share in PERCENTILES}


def figures(series):
    """Returns the fields of one record. "rounds" has, for each unit, the number
    of samples and their percentiles in each round."""
    fields, of_rounds = {}, {}
    for unit, rounds in series.items():
        samples = [sample for each in rounds.values() for sample in each]
        of_rounds[unit] = [{"n": len(each), **percentiles(each)}
                           for each in rounds.values()]
        ranks = percentiles(samples)
        if unit in MEDIANS:
            fields[unit] = round(ranks["p50"], MEDIANS[unit] or None)
        else:
            # A tenth of a nanosecond is noise, one of a microsecond is not.
            fields.update({f"{name}_{unit}": round(value, 1 if value >= 10 else 3)
                           for name, value in ranks.items()})
        fields["n"] = len(samples)
    return {**fields, "rounds": of_rounds}


def medians(record):
    """Returns the median of each round, of the record's first unit."""
    rounds = next(iter(record["rounds"].values()), [])
    return [each["p50"] for each in rounds]


def noise(record):
    """Returns how far the median of a round is from that of all rounds, as a
    share and at most, or None of a single round."""
    of_rounds = medians(record)
    if len(of_rounds) < 2:
        return None
    middle = statistics.median(of_rounds)
    return max(abs(each - middle) for each in of_rounds) / middle if middle else 0


def find(records, **what):
    """Returns the first record of these fields, or an empty one."""
    for record in records:
        if what.items() <= record.items():
            return record
    return {}
