# SPDX-License-Identifier: MIT
"""The tables about managers, and how the figures stand to their targets."""
from comparison.samples import find
from comparison.table import figure, noise_text, print_target, ratio

TRIP, SET, PAIR = "manager_trip", "manager_dict_set", "manager_lock_pair"
NAMES = {TRIP: "round trip", SET: "dict set", "manager_dict_get": "dict get",
         "manager_list_append": "list append", PAIR: "lock pair",
         "manager_queue_trip": "queue put, get"}
SIZES = {8: "8 bytes", 1 << 10: "1 KiB", 8 << 20: "8 MiB"}
LARGE = 8 << 20


def p50(records, bench, impl, size, clients=1):
    return find(records, bench=bench, impl=impl, bytes=size,
                clients=clients).get("p50_us")


def rate(records, bench, impl, size, clients):
    return find(records, bench=bench, impl=impl, bytes=size,
                clients=clients).get("ops_per_s")


def print_size(records, size):
    own = [r for r in records if r["bytes"] == size]
    counts = sorted({r["clients"] for r in own})
    print(f"{SIZES[size] + ', clients:':<26}{1:>10}{1:>10}"
          f"{'times':>8}{'times':>8}"
          + "".join(f"{count:>10}" for count in counts))
    print(f"{'':26}{'p50 us':>10}{'p99 us':>10}{'raw':>8}{'Brood':>8}"
          + "".join(f"{'calls/s':>10}" for _ in counts) + "  noise")
    trip = p50(own, TRIP, "raw", size)
    for impl, bench in dict.fromkeys((r["impl"], r["bench"]) for r in own):
        time = p50(own, bench, impl, size)
        row = [find(own, bench=bench, impl=impl, bytes=size, clients=count)
               for count in counts]
        alone = find(row, clients=1)
        print(f"{impl:<10}{NAMES[bench]:<16}{figure(time):>10}"
              f"{figure(alone.get('p99_us')):>10}"
              f"{ratio(time, trip):>8}"
              f"{ratio(time, p50(own, bench, 'brood', size)):>8}"
              + "".join(f"{figure(rate(own, bench, impl, size, count)):>10}"
                        for count in counts) + f"  {noise_text(*row)}")
    print()


def print_targets(records):
    def trips(bench, sizes):
        return [(SIZES[size], p50(records, bench, "brood", size),
                 p50(records, TRIP, "raw", size)) for size in sizes]

    def sizes_a_second(bench):
        """Bytes in a microsecond are megabytes in a second."""
        time = p50(records, bench, "brood", LARGE)
        return NAMES[bench], time and LARGE / time, 1000

    small = [size for size in SIZES if size != LARGE]
    print("Targets (medians of this run, one client)\n")
    print_target("dict set, brood / raw round trip", trips(SET, small), 1.3,
                 True)
    print_target("dict set, cpython / brood",
                 [(SIZES[size], p50(records, SET, "cpython", size),
                   p50(records, SET, "brood", size)) for size in small], 10,
                 False)
    print_target("lock pair, brood / raw round trip", trips(PAIR, [8]), 2, True)
    print_target("dict sets a second, 100 clients / one",
                 [(SIZES[size], rate(records, SET, "brood", size, 100),
                   rate(records, SET, "brood", size, 1)) for size in small],
                 .7, False)
    print_target("values of 8 MiB, GB a second",
                 [sizes_a_second(SET), sizes_a_second("manager_dict_get")], 1,
                 False)


def print_all(records):
    print("Managers: medians; clients are Brood's and the peers' by forkserver, "
          "the raw ones by fork;\nvalues that are fetched are looked at\n")
    own = [r for r in records if r["bench"] in NAMES]
    for size in sorted({r["bytes"] for r in own}):
        print_size(own, size)
    print_targets(own)
