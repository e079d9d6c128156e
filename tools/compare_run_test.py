#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What //tools:compare makes of what the programs say that it runs, and of
programs that fail. Measures nothing."""
import contextlib
import functools
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time
import unittest
from unittest import mock

sys.dont_write_bytecode = True
from comparison import outside, run, samples  # noqa: E402

COMPARE = sys.argv[1]
TMP = pathlib.Path(os.environ["TEST_TMPDIR"])


def good(**what):
    return json.dumps({"bench": "lock_pair", "impl": "brood", **what,
                       "ns": [1.0]})


class SamplesTest(unittest.TestCase):

    def test_what_is_absent_once_has_no_figure(self):
        taken = samples.Samples()
        for taken.round, fault in enumerate((None, "two were in", None), 1):
            taken.take(good(object="lock"))
            taken.take(good(object="rlock"))
            if fault:
                taken.take(json.dumps({"bench": "lock_pair", "impl": "brood",
                                       "object": "lock", "absent": fault}))
        self.assertEqual(["rlock"], [r["object"] for r in taken.records()])
        self.assertEqual({"lock_pair brood lock": "two were in"}, taken.absent)

    def test_what_is_absent_from_one_part_is_in_another(self):
        taken = samples.Samples()
        for taken.part in ("sync", "ipc"):
            taken.take(good(part=taken.part, impl="cpython", context="fork"))
            if taken.part == "sync":
                taken.miss({"impl": "cpython", "context": "fork"}, "why")
        self.assertEqual(["ipc"], [r["part"] for r in taken.records()])
        self.assertEqual({"cpython fork in sync": "why"}, taken.absent)

    def test_what_is_no_line(self):
        for line in ("a warning", "1", "[]", "{}", '{"ns": []}',
                     '{"ns": [NaN]}', '{"ns": ["1"]}', '{"ns": [1, 2'):
            with self.assertRaises(ValueError, msg=line):
                samples.Samples().take(line)


class RoundsTest(unittest.TestCase):

    def rounds(self, rounds, seconds, takes=0):
        """Returns the rounds in which a part of so many had a step."""
        now, asked = [0], []

        def step(taken):
            now[0] += takes
            taken.take(good())

        def steps(number):
            asked.append(number)
            yield run.Step("brood", step)

        taken = samples.Samples()
        part = mock.Mock(files=(), rounds=rounds, seconds=seconds, steps=steps)
        with mock.patch.object(run.time, "monotonic", lambda: now[0]), \
                contextlib.redirect_stderr(io.StringIO()):
            run.measure(part, taken)
        record, = taken.records()
        self.assertEqual(len(asked), len(record["rounds"]["ns"]))
        return asked

    def test_all_are_measured_while_there_is_time(self):
        self.assertEqual([1, 2, 3], self.rounds(3, 100))

    def test_none_begins_that_would_take_too_long(self):
        self.assertEqual([1, 2], self.rounds(9, 10, takes=4))

    def test_the_first_is_measured_whatever_it_takes(self):
        self.assertEqual([1], self.rounds(9, 10, takes=60))


class ProgramTest(unittest.TestCase):
    """Stand-ins for what is measured, as Python or in the shell."""

    def take(self, name, text, step, *arguments, seconds=60):
        """Returns the samples of a step of a program that has this text."""
        file = TMP / "brood" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(textwrap.dedent(text))
        file.chmod(0o755)
        taken = samples.Samples()
        taken.part = "sync"
        with mock.patch.dict(os.environ, {"RUNFILES_DIR": str(TMP)}), \
                mock.patch.object(run, "run_alone", functools.partial(
                    run.run_alone, seconds=seconds)):
            step(name, *arguments).run(taken)
        return taken

    def bench(self, name, end, **limit):
        return self.take(name, f"""\
            #!/bin/sh
            echo '{good()}' > "${{1#*=}}"
            {end}
            """, run.benchmark, **limit)

    def peer(self, name, text):
        return self.take(name, text, run.peer, "cpython", "fork")

    def test_a_benchmark_that_hangs_keeps_what_it_had(self):
        taken = self.bench("hangs", "sleep 60", seconds=5)
        self.assertEqual({"hangs in sync": "it takes longer than 5 s"},
                         taken.absent)
        self.assertEqual(1, len(taken.records()))

    def test_a_benchmark_that_fails_keeps_what_it_had(self):
        for name, end, reason in (
                ("crashes", "kill -SEGV $$", "it died: Segmentation fault."),
                ("breaks", """printf '{"ben' >> "${1#*=}" """,
                 """it wrote '{"ben': """),
                ("ends", "echo a word >&2; exit 1", "a word")):
            taken = self.bench(name, end)
            self.assertEqual([f"{name} in sync"], list(taken.absent))
            self.assertTrue(taken.absent[f"{name} in sync"].startswith(reason),
                            taken.absent)
            self.assertEqual(1, len(taken.records()))

    def test_a_benchmark_that_names_what_fails(self):
        taken = self.bench("names", """\
            echo '{"bench": "b", "impl": "raw", "absent": "why"}' >> "${1#*=}"
            exit 1""")
        self.assertEqual({"b raw in sync": "why"}, taken.absent)

    def test_a_benchmark_that_does_not_begin_is_the_end(self):
        with self.assertRaises(SystemExit) as end, \
                contextlib.redirect_stderr(io.StringIO()) as said:
            self.take("no", "#!/bin/sh\necho no memory >&2; exit 2",
                      run.benchmark)
        self.assertEqual(2, end.exception.code)
        self.assertIn("no failed: no memory", said.getvalue())

    def test_a_peer_that_fails_has_no_figure(self):
        for name, end, reason in (
                ("warns.py", "print('a warning')", "it wrote 'a warning': "),
                ("dies.py", "import os; os.kill(os.getpid(), 9)",
                 "it died: Killed."),
                ("says.py", "raise RuntimeError('why')", "RuntimeError: why")):
            taken = self.peer(name, "print('" + good(
                impl="cpython", context="fork") + f"', flush=True)\n{end}")
            self.assertEqual(["cpython fork in sync"], list(taken.absent))
            self.assertTrue(taken.absent["cpython fork in sync"].startswith(
                reason), taken.absent)
            self.assertEqual([], taken.records())

    def test_a_program_of_the_user_may_take_long(self):
        ended = run.Ended(1, "", "no")
        with mock.patch.object(outside.shutil, "which", lambda _: "there"), \
                mock.patch.object(run, "run_alone",
                                  return_value=ended) as alone, \
                contextlib.redirect_stderr(io.StringIO()), \
                self.assertRaises(SystemExit):
            outside.step(outside.PROGRAM, ["long"], 10, must=True).run(
                samples.Samples())
        self.assertIsNone(alone.call_args.kwargs["seconds"])

    def test_nobody_is_left(self):
        pids = TMP / "pids"
        for name in ("bench/sync", "bench/sync_peer.py"):
            file = TMP / "left/brood" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"#!/bin/sh\nsleep 60 & echo $! > {pids}.new\n"
                            f"mv {pids}.new {pids}\nwait\n")
            file.chmod(0o755)
        with subprocess.Popen(
                [COMPARE, "--only=sync"], stderr=subprocess.DEVNULL,
                env={**os.environ, "BUILD_WORKING_DIRECTORY": TMP,
                     "RUNFILES_DIR": TMP / "left"}) as process:
            while not pids.exists():
                self.assertIsNone(process.poll())
                time.sleep(.01)
            process.terminate()
            self.assertEqual(128 + signal.SIGTERM, process.wait(30))
        left = pathlib.Path("/proc", pids.read_text().strip())
        pids.unlink()
        deadline = time.monotonic() + 30
        while left.exists() and time.monotonic() < deadline:
            time.sleep(.01)
        self.assertFalse(left.exists())

    def test_nobody_is_left_that_was_just_being_started(self):
        started = []

        class Interrupted(subprocess.Popen):
            def __init__(self, *arguments, **options):
                super().__init__(*arguments, **options)
                started.append(self.pid)
                signal.raise_signal(signal.SIGINT)

        with mock.patch("subprocess.Popen", Interrupted):
            with self.assertRaises(KeyboardInterrupt):
                run.run_alone(["sleep", "60"])
        with self.assertRaises(ProcessLookupError):
            os.kill(started[0], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
