#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Both sides of the benchmark of managers write what //tools:compare reads:
every implementation, call, number of clients and size of values, or the reason
why not. Says nothing of time."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

MANAGER, PEER = sys.argv[1:3]
CLIENTS = (1, 4, 16, 100)
SIZES = (8, 1024, 8 << 20)

# (bench, clients, bytes)
CASES = [(bench, clients, size)
         for bench in ("manager_dict_set", "manager_dict_get",
                       "manager_list_append", "manager_queue_trip")
         for clients in CLIENTS for size in SIZES
         if size == 8 or size == 1024 or clients <= 4]
PAIRS = [("manager_lock_pair", clients, 8) for clients in CLIENTS]
TRIPS = [("manager_trip", *case[1:]) for case in CASES
         if case[0] == "manager_dict_set"]


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=200)


def parse(text):
    return [json.loads(line) for line in text.splitlines()]


def kind(item):
    return (item["impl"], item["context"], item["bench"], item["clients"],
            item["bytes"])


def kinds(impl, context, cases):
    return [(impl, context, *case) for case in cases]


class ManagerTest(unittest.TestCase):

    def check_samples(self, items, num_samples):
        for item in items:
            self.assertNotIn("absent", item)
            self.assertEqual(3, len(item["ops_per_s"]), item)
            self.assertGreater(min(item["ops_per_s"]), 0, item)
            self.assertGreater(min(item["us"]), 0, item)
            self.assertLessEqual(len(item["us"]),
                                 max(num_samples, item["clients"]), item)

    def test_every_subject_and_case(self):
        file = pathlib.Path(os.environ["TEST_TMPDIR"], "samples")
        done = run(MANAGER, "--samples=2", "--window_ms=1",
                   f"--samples_file={file}")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        items = parse(file.read_text())
        self.check_samples(items, 2)
        self.assertCountEqual(
            kinds("brood", "forkserver", CASES + PAIRS)
            + kinds("raw", "fork", TRIPS), {kind(item) for item in items})

    def test_bad_options_are_named(self):
        for option in ("--samples=0", "--turns=x", "--window_ms=-1", "--no",
                       "--most_clients=0",
                       "--samples_file=/nonexistent/file"):
            done = run(MANAGER, option)
            self.assertEqual(2, done.returncode, option)
            self.assertIn(f"cannot take {option}", done.stderr)
            self.assertIn("--window_ms", done.stderr)

    def test_cpython_has_every_case(self):
        done = run(PEER, "multiprocessing", "2", "1", "100", "forkserver")
        self.assertEqual(0, done.returncode, done.stderr)
        items = parse(done.stdout)
        self.check_samples(items, 2)
        self.assertCountEqual(kinds("cpython", "forkserver", CASES + PAIRS),
                              [kind(item) for item in items])

    def test_an_absent_peer_and_method_are_named(self):
        absent = parse(run(PEER, "no_such_module", "1", "1", "1").stdout)
        self.assertEqual(1, len(absent))
        self.assertIn("no_such_module", absent[0]["absent"])
        absent = parse(run(PEER, "multiprocessing", "1", "1", "1",
                           "thread").stdout)
        self.assertEqual("thread", absent[0]["context"])
        self.assertIn("absent", absent[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
