#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The whole of //tools:compare in its quick mode, with small parents: records,
tables, charts, a part alone and complaints. Says nothing of time."""
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

COMPARE = sys.argv[1]
TMP = pathlib.Path(os.environ["TEST_TMPDIR"])
PERCENTILES = ("p50", "p90", "p99")
# Of each part: what its records have besides "bench" and the figures.
WHAT = {
    "startup": {"impl": str, "method": str, "end": str, "parent_mib": int},
    "burst": {"impl": str, "method": str, "parent_mib": int},
    "linkage": {"impl": str, "method": str, "linkage": str},
    "memory": {"impl": str, "method": str, "parent_mib": int},
    "outside": {"impl": str, "method": str},
    "lock_pair": {"impl": str, "object": str, "context": str,
                  "processes": int},
    "lock_contended": {"impl": str, "object": str, "context": str,
                       "processes": int, "processors": int},
    "event_round_trip": {"impl": str, "object": str, "context": str,
                         "processes": int, "processors": int},
    "condition_round_trip": {"impl": str, "object": str, "context": str,
                             "processes": int, "processors": int},
    "throughput": {"impl": str, "object": str, "context": str, "pattern": str,
                   "size": int},
    "round_trip": {"impl": str, "object": str, "context": str, "size": int,
                   "wait": str},
    "pool_map": {"impl": str, "context": str, "workers": int, "chunksize": int,
                 "task_us": int},
    "pool_apply": {"impl": str, "context": str},
    "pool_new": {"impl": str, "context": str, "workers": int},
    "pool_lost": {"impl": str, "context": str},
    **{f"manager_{call}": {"impl": str, "context": str, "clients": int,
                           "bytes": int, "ops_per_s": int}
       for call in ("trip", "dict_set", "dict_get", "list_append", "lock_pair",
                    "queue_trip")},
}
# What they have instead of percentiles, or the unit of those.
RATES = {"lock_contended": {"pairs_per_s": int, "least_share": float},
         "throughput": {"msgs_per_s": int, "mib_per_s": float},
         "pool_map": {"tasks_per_s": int},
         "memory": {"private_kib": int, "pss_kib": int}}
UNITS = {"startup": "us", "outside": "us", "burst": "us", "linkage": "us", "round_trip": "us",
         "pool_apply": "us", "pool_new": "us", "pool_lost": "us",
         **{bench: "us" for bench in WHAT if bench.startswith("manager_")}}
STARTUP = {"startup", "outside", "burst", "linkage", "memory"}
IPC = {"throughput", "round_trip"}
POOL = {"pool_map", "pool_apply", "pool_new", "pool_lost"}
MANAGER = {bench for bench in WHAT if bench.startswith("manager_")}
METHODS = ("fork", "forkserver", "spawn")
PLACES = sorted({1, min(2, len(os.sched_getaffinity(0)))})


def compare(*options):
    return subprocess.run([COMPARE, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=400,
                          env={**os.environ, "BUILD_WORKING_DIRECTORY": TMP})


class CompareTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.done = compare("--quick", "--rounds=1", "--parent-mib=1",
                           "--json=out.json", "--svg=out.svg", "--ipc-svg=ipc.svg")

        cls.run_file = json.loads((TMP / "out.json").read_text())
        cls.records = cls.run_file["records"]

    def here(self, *impls):
        """Returns those that are not named as absent."""
        return [impl for impl in impls
                if f"absent: {impl}" not in self.done.stdout]

    def methods(self, impl):
        """Returns those that a quick run asks about, but for the start."""
        return METHODS if impl.startswith("brood") else METHODS[:1]

    def test_records(self):
        self.assertEqual(0, self.done.returncode, self.done.stderr)
        for record in self.records:
            fields = {k: type(v) for k, v in record.items()}
            unit = UNITS.get(record["bench"], "ns")
            percentiles = {f"{name}_{unit}": float for name in PERCENTILES}
            figures = RATES.get(record["bench"], percentiles)
            self.assertEqual({"bench": str, **WHAT[record["bench"]], **figures,
                              "n": int, "rounds": dict}, fields)
            self.assertIn(record["n"], [sum(r["n"] for r in rounds) for rounds
                                        in record["rounds"].values()])
            for rounds in record["rounds"].values():
                self.assertEqual(1, len(rounds))
                for each in rounds:
                    self.assertTrue(each["p50"] <= each["p90"] <= each["p99"])
            self.assertGreater(record["n"], 0)
            if figures is percentiles:
                low, middle, high = (record[name] for name in figures)
                self.assertTrue(0 <= low <= middle <= high, record)

    def test_what_the_run_says_of_itself(self):
        self.assertEqual({"quick": True, "parent_mib": [0, 1],
                          "parts": ["startup", "sync", "ipc", "pool",
                                    "manager"]}, self.run_file["options"])
        for name in ("cpu", "cores", "memory_mib", "kernel", "libc"):
            self.assertTrue(self.run_file["machine"][name], name)

    def test_the_answer_comes_first(self):
        self.assertRegex(self.done.stdout, r"\AUse (fork|spawn|forkserver) ")

    def test_what_is_started(self):
        expected = [("raw", method, mib) for method in ("fork", "posix_spawn")
                    for mib in (0, 1)]
        expected += [("brood", method, mib) for method in METHODS
                     for mib in (0, 1)]
        expected += [(peer, method, 0)
                     for peer in self.here("cpython", "billiard")
                     for method in METHODS]
        self.assertCountEqual(
            [(*subject, end) for subject in expected
             for end in ("first_instruction", "joined")],
            [(r["impl"], r["method"], r["parent_mib"], r["end"])
             for r in self.records if r["bench"] == "startup"])
        self.assertCountEqual(
            expected, [(r["impl"], r["method"], r["parent_mib"])
                       for r in self.records if r["bench"] == "memory"])
        self.assertCountEqual(
            {subject[:2] for subject in expected},
            [(r["impl"], r["method"]) for r in self.records
             if r["bench"] == "burst"])

    def test_how_what_is_started_is_linked(self):
        linkages = ["libbrood.so, libc.so", "libbrood.a, libc.so", "static"]
        if shutil.which("musl-gcc"):
            linkages.append("static, musl")
        self.assertCountEqual(
            [(*subject, linkage) for linkage in linkages for subject in (
                ("raw", "posix_spawn"), ("brood", "spawn"))],
            [(r["impl"], r["method"], r["linkage"]) for r in self.records
             if r["bench"] == "linkage"])
        for linkage in linkages:
            self.assertRegex(self.done.stdout, rf"(?m)^{linkage} +[0-9]")

    def test_what_is_shared(self):
        expected = [("raw", name, "fork") for name in (
            "sem_t", "pthread_mutex", "pthread_cond", "futex")]
        expected += [(impl, name, method)
                     for impl in self.here("brood", "cpython", "billiard")
                     for name in ("lock", "rlock", "semaphore", "condition",
                                  "event") for method in self.methods(impl)]
        self.assertCountEqual(
            expected, {(r["impl"], r["object"], r["context"])
                       for r in self.records
                       if r["bench"] not in IPC | POOL | MANAGER | STARTUP})

    def test_what_is_sent(self):
        expected = [("raw", name, "fork") for name in (
            "pipe", "socketpair", "futex", "word")][:3 + (len(PLACES) > 1)]
        expected += [(impl, "queue", "fork") for impl in ("boost", "zeromq")]
        expected += [(impl, name, method)
                     for impl in self.here("brood", "cpython", "billiard")
                     for name in ("pipe", "queue", "simple_queue")
                     for method in self.methods(impl)]
        expected += [("brood", "queue_many", method) for method in METHODS]
        self.assertCountEqual(
            expected, {(r["impl"], r["object"], r["context"])
                       for r in self.records if r["bench"] in IPC})
        self.assertEqual({"1:1", "4:4"}, {  # all four take as long again
            r["pattern"] for r in self.records if r["bench"] == "throughput"})

    def test_what_is_pooled(self):
        pools = self.here("brood", "cpython", "billiard")
        pools += ["cpython_executor"] * ("cpython" in pools)
        expected = [(impl, method, bench) for impl in pools
                    for method in self.methods(impl)
                    for bench in POOL - {"pool_lost"}]
        expected += [("brood_queues", method, bench) for method in METHODS
                     for bench in ("pool_map", "pool_apply")]
        expected += [("brood", method, "pool_lost") for method in METHODS]
        expected += [("raw", "fork", bench)
                     for bench in ("pool_apply", "pool_lost")]
        self.assertCountEqual(
            expected, {(r["impl"], r["context"], r["bench"])
                       for r in self.records if r["bench"] in POOL})

    def test_what_is_managed(self):
        expected = [(impl, "forkserver", bench, clients)
                    for impl in self.here("brood", "cpython", "billiard")
                    for bench in MANAGER - {"manager_trip"}
                    for clients in (1, 4)]
        expected += [("raw", "fork", "manager_trip", clients)
                     for clients in (1, 4)]
        self.assertCountEqual(
            expected, {(r["impl"], r["context"], r["bench"], r["clients"])
                       for r in self.records if r["bench"] in MANAGER})

    def test_what_hyperfine_says(self):
        if "absent: hyperfine" in self.done.stdout:
            self.skipTest("hyperfine is not installed")
        self.assertEqual(1, sum(r["bench"] == "outside" for r in self.records))
        self.assertRegex(self.done.stdout, "hyperfine has .* for what raw "
                                           "posix_spawn starts")

    def test_tables_name_every_target(self):
        self.assertRegex(self.done.stdout, r"raw +fork")
        self.assertRegex(self.done.stdout, r"brood +forkserver")
        self.assertRegex(self.done.stdout, r"raw +pthread_mutex")
        self.assertRegex(self.done.stdout, r"brood +condition")
        self.assertRegex(self.done.stdout, r"zeromq +queue")
        self.assertRegex(self.done.stdout, r"queues +pool")
        self.assertRegex(self.done.stdout, r"brood +dict set")
        targets = [line for line in self.done.stdout.splitlines()
                   if line.startswith(("  met", "  partly", "  missed",
                                       "  not measured"))]
        startup, sync, ipc = 7, 3 + len(PLACES), 6 + 2 * len(PLACES)
        pool, manager = 10, 5
        self.assertEqual(startup + sync + ipc + pool + manager, len(targets),
                         targets)

    def test_one_part_alone(self):
        done = compare("--quick", "--rounds=1", "--only=sync",
                       "--json=sync.json", "--svg=none.svg", "--ipc-svg=none.svg")
        self.assertEqual(0, done.returncode, done.stderr)
        run_file = json.loads((TMP / "sync.json").read_text())
        benches = {r["bench"] for r in run_file["records"]}
        self.assertEqual(set(WHAT) - IPC - POOL - MANAGER - STARTUP, benches)
        self.assertNotIn("posix_spawn", done.stdout)
        self.assertFalse((TMP / "none.svg").exists())

    def test_charts(self):
        if importlib.util.find_spec("matplotlib") is None:
            self.assertIn("python3-matplotlib", self.done.stdout)
            return
        for name, curves in (
                ("out.svg", ("Brood forkserver", "raw fork")),
                ("ipc.svg", ("Brood Queue", "raw socket pair"))):
            text = (TMP / name).read_text()
            self.assertIn("</svg>", text)
            for curve in curves:
                self.assertIn(curve, text)

    def test_bad_options_are_named(self):
        for options, complaint in (
                (["--fast"], "--fast"),
                (["--only=all"], "'sync'"),
                (["--rounds=0"], "0 rounds measure nothing"),
                (["--rounds=few"], "few is not a whole number"),
                (["--only=ipc", "--", "true"], "in the part startup"),
                (["--quick", "--", "no/such/program"], "no/such/program: "),
                (["--json=no/such/folder.json"], "cannot be written"),
                (["--svg=."], "is a folder"),
                (["--ipc-svg=."], "is a folder"),
                (["--parent-mib=0,many"], "0,many is not a list of sizes")):
            done = compare(*options)
            self.assertEqual(2, done.returncode, options)
            self.assertIn(complaint, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
