# SPDX-License-Identifier: MIT
"""The samples that benchmarks and peers have printed, and the records that
//tools:compare makes of them.

A line is a JSON object. Its lists are samples, under the name of their unit;
"optimized" and "version" tell of the program; "absent" is the reason why there
are no samples. All else says what was measured, and goes into the record.
What is absent in one round has no record: what it said in another round is not
to be trusted.
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
        self.part = ""       # to which the lines belong that come now
        self.round = 1       # the same
        # (part, what was measured): {unit: {round: [sample, ...]}}
        self.series = {}
        self.missed = []     # (part, the fields of what is absent)
        self.absent = {}     # what, in words: reason
        self.versions = {}   # impl: text
        self.unoptimized = set()  # names of benchmarks

    def miss(self, what, reason):
        """Says why all that has these fields is absent from this part."""
        self.missed.append((self.part, what))
        words = " ".join(map(str, what.values()))
        where = f" in {self.part}" if self.part else ""
        self.absent[words + where] = reason

    def lacks(self, what, part=None):
        """Whether it is absent from a part, which is this one by default."""
        part = self.part if part is None else part
        return any(place == part and each.items() <= what.items()
                   for place, each in self.missed)

    def take(self, line):
        """Raises ValueError if that is none of our lines."""
        item = parse(line)
        what = {name: value for name, value in item.items()
                if name not in ABOUT_THE_PROGRAM and name != "absent"
                and not isinstance(value, list)}
        if "version" in item:
            self.versions[item["impl"]] = item["version"]
        if not item.get("optimized", True):
            self.unoptimized.add(item["bench"])
        if "absent" in item:
            self.miss(what, item["absent"])
            return
        series = self.series.setdefault((self.part, tuple(what.items())), {})
        for name, value in item.items():
            if isinstance(value, list):
                rounds = series.setdefault(name, {})
                rounds.setdefault(self.round, []).extend(value)

    def records(self):
        """Returns one record for each kind of sample."""
        return [{**dict(what), **figures(series)}
                for (part, what), series in self.series.items()
                if not self.lacks(dict(what), part)]


def parse(line):
    """Returns the fields of a line; raises ValueError if it has no samples, nor
    a reason, or they are not numbers."""
    item = json.loads(line)
    lists = ([each for each in item.values() if isinstance(each, list)]
             if isinstance(item, dict) else [])
    if not lists and not (isinstance(item, dict) and "absent" in item):
        raise ValueError("that has no samples")
    for each in lists:
        if not each or not all(type(sample) in (int, float)
                               and math.isfinite(sample) for sample in each):
            raise ValueError("that has samples that are no numbers")
    return item


def percentiles(samples):
    """By nearest rank: the least sample that this share of all do not exceed."""
    ordered = sorted(samples)
    return {name: ordered[max(math.ceil(share * len(ordered)), 1) - 1]
            for name, share in PERCENTILES}


def figures(series):
    """Returns the fields of one record. "rounds" has, for each unit, which round
    it was, the number of samples and their percentiles."""
    fields, of_rounds = {}, {}
    for unit, rounds in series.items():
        samples = [sample for each in rounds.values() for sample in each]
        of_rounds[unit] = [{"round": number, "n": len(each),
                            **percentiles(each)}
                           for number, each in rounds.items()]
        ranks = percentiles(samples)
        if unit in MEDIANS:
            fields[unit] = round(ranks["p50"], MEDIANS[unit] or None)
        else:
            # A tenth of a nanosecond is noise, one of a microsecond is not.
            fields.update({f"{name}_{unit}": round(value, 1 if value >= 10 else 3)
                           for name, value in ranks.items()})
        fields["n"] = len(samples)
    return {**fields, "rounds": of_rounds}


def medians(record, unit=None):
    """Returns the median of each round, of the record's first unit or this."""
    unit = unit or next(iter(record["rounds"]), None)
    return [each["p50"] for each in record["rounds"].get(unit, [])]


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
