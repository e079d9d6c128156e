#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What //tools:compare tells of runs that are given to it: the answer, noise,
and what is slower than before. Measures nothing."""
import contextlib
import copy
import importlib.util
import io
import itertools
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from comparison import against, answer, contexts, ipc_report  # noqa: E402
from comparison import machine, outside, run, samples  # noqa: E402
from comparison import startup_report, sync_report, table  # noqa: E402

COMPARE = sys.argv[1]
TMP = pathlib.Path(os.environ["TEST_TMPDIR"])
SIZES = (0, 16, 64, 256, 1024)
# Microseconds of a start, by the parent's MiB; how much rounds differ.
COSTS = {"fork": lambda mib: 100 + 20 * mib, "spawn": lambda mib: 1000,
         "forkserver": lambda mib: 200}
ROUNDS = (.98, .99, 1, 1.01, 1.02, 1.03)


def record(costs=1.0, rounds=ROUNDS, **what):
    taken = samples.Samples()
    for taken.round, factor in enumerate(rounds, 1):
        taken.take(json.dumps({**what, "us": [costs * factor] * 9}))
    return taken.records()[0]


def starts(costs, rounds=ROUNDS, sizes=SIZES):
    return [record(costs[method](mib), rounds, bench="startup", impl="brood",
                   method=method, end="joined", parent_mib=mib)
            for method in costs for mib in sizes]


def a_run(costs=None, rounds=ROUNDS):
    return {"format": 1, "machine": machine.describe(), "load": 1.0,
            "versions": {},
            "options": {"quick": False, "parts": ["startup"],
                        "parent_mib": SIZES},
            "absent": {}, "unoptimized": [],
            "records": starts(costs or COSTS, rounds)}


def write(name, run):
    (TMP / name).write_text(json.dumps(run))
    return name


def compare(*options, folder=TMP):
    return subprocess.run(
        [COMPARE, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, timeout=60,
        env={**os.environ, "BUILD_WORKING_DIRECTORY": folder})


def printed(function, *arguments):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        function(*arguments)
    return said.getvalue()


class AnswerTest(unittest.TestCase):

    def test_break_even_is_between_the_sizes_around_it(self):
        said = answer.lines(starts(COSTS))
        self.assertRegex(said[0], "^Use fork on this machine while the program "
                                  "holds less than 5.0 MiB, forkserver from")
        self.assertRegex(said[1], "^forkserver is cheaper .* holds 5.0 MiB "
                                  r"\(single rounds: 5.0 MiB to 5.0 MiB\)$")
        self.assertRegex(said[2], "^spawn is cheaper .* holds 45 MiB ")

    def test_threads_rule_fork_out(self):
        said = answer.lines(starts(COSTS), threads=8)
        self.assertRegex(said[0], "^Use forkserver for a program of 8 threads .* "
                                  "in 200 us, spawn in 1.0 ms, .* fork .* 100 us")
        said = answer.lines(starts(COSTS), holds_mib=64, threads=2)
        self.assertRegex(said[0], "^Use forkserver .* fork would take 1.4 ms, for "
                                  "a parent of 64 MiB")
        said = answer.lines(starts(COSTS), holds_mib=3, threads=2)
        self.assertIn("A parent of 3 MiB was not measured.", said)

    def test_never(self):
        costs = {**COSTS, "fork": lambda mib: 100, "spawn": lambda mib: 300}
        said = answer.lines(starts(costs))
        self.assertRegex(said[0], "^Use fork on this machine: ")
        for line in said[1:3]:
            self.assertIn("never within what was measured, up to 1024", line)

    def test_always(self):
        said = answer.lines(starts({**COSTS, "spawn": lambda mib: 50}))
        self.assertRegex(said[0], "^Use spawn on this machine, whatever")
        self.assertIn("even for the smallest parent", said[2])

    def test_the_last_crossing_counts(self):
        fork = [(0, 3), (10, 1), (20, 3)]
        other = [(0, 2), (10, 2), (20, 2)]
        self.assertEqual(15, answer.break_even(fork, other))

    def test_of_one_size(self):
        said = answer.lines(starts(COSTS), 64)
        self.assertRegex(said[0], "^Use forkserver for a program that holds 64 "
                                  "MiB .*200 us; spawn 1.0 ms .5.0 times., "
                                  "fork 1.4 ms .6.9 times")
        self.assertIn("A parent of 65 MiB was not measured.",
                      answer.lines(starts(COSTS), 65))

    def test_hazards_are_named(self):
        said = "\n".join(answer.lines(starts(COSTS)))
        for word in ("fork with threads", "BROOD_TARGET", "set-uid"):
            self.assertIn(word, said)

    def test_rounds_are_compared_with_themselves(self):
        records = starts(COSTS, (1, 10, 100))
        for each in records:
            if each["method"] == "fork":
                del each["rounds"]["us"][0]
        self.assertIn("(single rounds: 5.0 MiB to 5.0 MiB)",
                      answer.lines(records)[1])

    def test_what_is_absent(self):
        said = answer.lines(starts({"fork": COSTS["fork"]}))
        self.assertEqual(["No answer: nothing was measured of spawn, "
                          "forkserver"], said)

    def test_it_is_said_first(self):
        write("run.json", a_run())
        done = compare("--from=run.json")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue(done.stdout.startswith("Use fork on this machine while"),
                        done.stdout)
        self.assertIn(machine.describe()["kernel"], done.stdout)


class NoiseTest(unittest.TestCase):

    def test_verdicts(self):
        quiet, noisy = record(bench="b"), record(1, (1, 1, 1.23), bench="b")
        single = record(1, (1,), bench="b")
        self.assertEqual("quiet", table.noise_text(quiet, {}))
        self.assertEqual("noisy: ±23%", table.noise_text(quiet, noisy))
        self.assertEqual("1 round", table.noise_text(single, {}))

    def test_rows_and_the_summary(self):
        run = a_run(rounds=(.7, 1, 1.05))
        run["records"] += starts({"fork": COSTS["fork"]}, sizes=(2048,))
        write("noisy.json", run)
        said = compare("--from=noisy.json").stdout
        self.assertRegex(said, r"(?m)^brood +spawn .* noisy: ±30%$")
        self.assertIn("1 of 16 figures are quiet", said)
        self.assertIn("the worst is ±30%", said)

    def test_a_row_is_as_noisy_as_its_noisiest_record(self):
        quiet, noisy = ROUNDS, (1, 2, 3)
        said = printed(startup_report.print_linkages, startup_report.Figures([
            record(1, rounds, bench="linkage", impl=impl, linkage="static")
            for impl, rounds in (("raw", noisy), ("brood", quiet))]))
        self.assertRegex(said, r"(?m)^static .* noisy: ±50%$")
        said = printed(ipc_report.print_sizes, [
            record(1, rounds, bench="throughput", impl="brood", object="queue",
                   context="fork", pattern="1:1", size=size)
            for size, rounds in ((64, quiet), (1 << 20, noisy))])
        self.assertRegex(said, r"(?m)^brood +queue .* noisy: ±50%$")

    def test_times_are_of_forks_only(self):
        said = printed(contexts.print_block, [
            record(bench="lock_pair", impl=impl, object="lock", context=method)
            for impl, method in (("cpython", "fork"), ("brood", "spawn"))],
            sync_report.PAIR, {})
        self.assertRegex(said, r"(?m)^cpython +lock .* - +-  ")

    def test_p99_stands_beside_p50(self):
        write("run.json", a_run())
        self.assertRegex(compare("--from=run.json").stdout,
                         r"(?m)^brood +fork +joined +p50 .* quiet\n +p99 ")


class OutsideTest(unittest.TestCase):

    def check(self, theirs, rounds=ROUNDS):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            outside.print_check([
                record(theirs, rounds, **outside.CHECK),
                record(500, bench="startup", impl="raw", method="posix_spawn",
                       end="joined", parent_mib=0)])
        return said.getvalue()

    def test_the_check_of_our_figures(self):
        self.assertIn("agree within 10%", self.check(540))
        self.assertIn("agree within 10%", self.check(460))
        self.assertIn("+40%. Its time has the opening", self.check(700))
        self.assertIn("-40%. No reason is known", self.check(300))
        self.assertIn("noisy: ±100%", self.check(700, (1, 1, 2)))

    def test_the_program(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            outside.print_program([record(500, **outside.PROGRAM,
                                          command="./prog -x")])
        self.assertIn("./prog -x, a whole run of it: median 500 us, p99 515 us, "
                      "54 runs, quiet", said.getvalue())


class AgainstTest(unittest.TestCase):

    def test_p_is_that_of_all_orders(self):
        values = (1, 2, 3, 4, 5, 6, 7)
        for old in itertools.combinations(values, 3):
            new = [x for x in values if x not in old]

            def u(these):
                return sum(a < b for a in these for b in values
                           if b not in these)
            orders = list(itertools.combinations(values, 3))
            like = sum(u(these) >= u(old) for these in orders)
            self.assertAlmostEqual(like / len(orders),
                                   against.p_greater(old, new))

    def verdict(self, factor, rounds=ROUNDS, threshold=.05, **what):
        what = {"bench": "b", **what}
        return against.compare(record(10, rounds, **what),
                               record(10 * factor, rounds, **what), threshold)

    def test_verdicts(self):
        self.assertEqual("slower", self.verdict(1.2).verdict)
        self.assertEqual("faster", self.verdict(.8).verdict)
        self.assertEqual("same", self.verdict(1.0).verdict)
        self.assertEqual("same", self.verdict(1.04).verdict)
        self.assertEqual("same", self.verdict(1.2, threshold=.25).verdict)
        # As much more, among rounds that differ more than that.
        self.assertEqual("same", self.verdict(1.2, (.5, .7, 1, 1.4, 2)).verdict)
        self.assertEqual("too few rounds", self.verdict(3, (1, 1, 1)).verdict)

    def test_of_a_rate_less_is_slower(self):
        old, new = ({**record(bench="b"), "rounds": {"msgs_per_s": [
            {"p50": rate * factor} for factor in ROUNDS]}}
            for rate in (1e6, 8e5))
        self.assertEqual("slower", against.compare(old, new, .05).verdict)
        self.assertEqual("faster", against.compare(new, old, .05).verdict)

    def test_of_memory_more_is_slower(self):
        old, new = ({**record(bench="b"), "rounds": {"private_kib": [
            {"p50": kib * factor} for factor in ROUNDS]}} for kib in (50, 80))
        self.assertEqual("slower", against.compare(old, new, .05).verdict)
        self.assertEqual("faster", against.compare(new, old, .05).verdict)

    def test_nothing_is_slower_than_anything(self):
        def rate(*figures):
            return {**record(bench="b"), "rounds": {"msgs_per_s": [
                {"p50": each} for each in figures]}}

        some, none = rate(*[1e6] * 6), rate(0, 5, 5, 5, 5, 5)
        self.assertEqual("slower", against.compare(some, none, .05).verdict)
        self.assertEqual("faster", against.compare(none, some, .05).verdict)
        self.assertEqual(
            [("slower", float("inf"))],
            [row[1:3] for row in against.rows(
                {"records": [some]}, {"records": [rate(*[0] * 6)]}, .05)])

    def test_each_unit_is_looked_at(self):
        old, new = ({**record(bench="b"), "rounds": {
            unit: [{"p50": each}] * 6 for unit, each in units.items()}}
            for units in ({"pairs_per_s": 1e6, "least_share": 1.0},
                          {"pairs_per_s": 1e6, "least_share": 0.1}))
        self.assertEqual([("b", "same"), ("b least_share", "slower")],
                         [row[:2] for row in against.rows(
                             {"records": [old]}, {"records": [new]}, .05)])

    def test_what_is_missing_is_named(self):
        new = a_run()
        gone = new["records"].pop()
        new["unoptimized"] = ["startup"]
        said = printed(against.print_all, a_run(), new, .05)
        self.assertIn(f"  missing  {against.name(gone)}\n", said)
        self.assertIn("0 too few rounds, 1 missing\n", said)
        self.assertIn("Of this run these were built without -c opt: startup.",
                      said)

    def test_why_there_are_too_few_rounds(self):
        short, quick = a_run(rounds=(1, 1)), a_run(rounds=(1, 1))
        quick["options"] = {**quick["options"], "quick": True}
        self.assertIn("the seconds of a part were over",
                      printed(against.print_all, short, a_run(), .05))
        self.assertIn("leave out --quick",
                      printed(against.print_all, a_run(), quick, .05))

    def test_exit_status(self):
        write("old.json", a_run())
        slow = {**COSTS, "spawn": lambda mib: 1200}
        write("new.json", a_run(slow))
        done = compare("--from=new.json", "--against=old.json")
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn("slower  startup brood spawn joined parent_mib 64: +20%",
                      done.stdout)
        self.assertIn("5 slower, 0 faster, 10 same", done.stdout)
        self.assertNotIn("The load average was", done.stdout)
        write("busy.json", {**a_run(slow), "load": 9.0})
        self.assertIn("The load average was 9.0 then and is 1.0 now",
                      compare("--from=old.json", "--against=busy.json").stdout)
        for options in (("--from=old.json", "--against=old.json"),
                        ("--from=old.json", "--against=new.json"),
                        ("--from=new.json", "--against=old.json",
                         "--threshold=25")):
            done = compare(*options)
            self.assertEqual(0, done.returncode, done.stdout)

    def test_another_machine_is_refused(self):
        write("here.json", a_run())
        for name in ("cpu", "cores", "kernel"):
            other = copy.deepcopy(a_run())
            other["machine"][name] = "another"
            write("other.json", other)
            options = ("--from=here.json", "--against=other.json")
            done = compare(*options)
            self.assertEqual(2, done.returncode, done.stdout)
            self.assertIn(f"{name} is ", done.stderr)
            self.assertIn("another there", done.stderr)
            self.assertEqual(0, compare(*options,
                                        "--other-machine").returncode)

    def test_what_is_no_run_is_named(self):
        (TMP / "list.json").write_text("[]")
        write("part.json", {**a_run(), "absent": None})
        write("record.json", {**a_run(), "records": [{"bench": "b"}]})
        for option in ("--from", "--against"):
            for file in ("list.json", "missing.json", "part.json",
                         "record.json"):
                done = compare(f"{option}={file}")
                self.assertEqual(2, done.returncode)
                self.assertIn(f"{file} is no run", done.stderr)


@unittest.skipIf(importlib.util.find_spec("matplotlib") is None,
                 "python3-matplotlib is not installed")
class ChartTest(unittest.TestCase):

    def test_of_a_machine_that_cannot_fork_much(self):
        run_file = a_run()
        run_file["records"] += [
            {**each, "impl": "raw"} for each in run_file["records"]
            if (each["method"], each["parent_mib"] < 1024) == ("fork", True)]
        write("little.json", run_file)
        done = compare("--from=little.json")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^raw +fork +joined +p50 .* - +- ")
        self.assertIn("once that is 256 MiB",
                      (TMP / "brood-startup.svg").read_text())

    def test_of_nothing(self):
        write("nothing.json", {**a_run(), "records": []})
        done = compare("--from=nothing.json")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("No chart: nothing was measured", done.stdout)

    def test_of_another_machine(self):
        run_file = {**a_run(), "date": "2001-02-03"}
        run_file["machine"]["cpu"] = "another"
        write("other.json", run_file)
        done = compare("--from=other.json", "--svg=other.svg")
        self.assertRegex(done.stdout, "^Use fork on that machine while")
        text = (TMP / "other.svg").read_text()
        self.assertIn("another, 2001-02-03", text)

    def test_needs_no_place_if_there_is_none(self):
        run_file = a_run()
        run_file["options"]["parts"] = ["sync"]
        write("sync.json", run_file)
        done = compare(f"--from={TMP}/sync.json", folder="/proc/nowhere")
        self.assertEqual(0, done.returncode, done.stderr)
        write("run.json", a_run())
        done = compare(f"--from={TMP}/run.json", folder="/proc/nowhere")
        self.assertEqual(2, done.returncode)
        self.assertIn("--svg: brood-startup.svg cannot be", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
