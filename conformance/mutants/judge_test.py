#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whom the judge believes, of what a made-up runner says."""
import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # the module beside this file is a source
import judge  # noqa: E402

# Says of each adapter and scale what is in its environment.
RUNNER = r"""#!/usr/bin/env python3
import json, os, sys
options = dict(word[2:].split("=", 1) for word in sys.argv[1:])
says = json.loads(os.environ["SAYS"])
way = says[options["adapter"]][options["scale"]]
verdict = "FAIL" if way else "PASS"
with open(options["results"], "w") as file:
    file.write(json.dumps({"clause": "a.b", "method": "fork", "way": way,
                           "verdict": verdict}) + "\n")
"""
QUICK, SLOW = str(judge.SCALE), "1"


class JudgeTest(unittest.TestCase):

    def is_killed(self, mutant, sound):
        """What follows from the ways in which both fail, or "" for neither:
        with little time, and with more."""
        with tempfile.TemporaryDirectory() as folder:
            runner = pathlib.Path(folder, "runner")
            runner.write_text(RUNNER, encoding="utf-8")
            runner.chmod(0o700)
            os.environ["SAYS"] = json.dumps({
                "mutant": dict(zip((QUICK, SLOW), mutant)),
                "sound": dict(zip((QUICK, SLOW), sound))})
            return judge.is_killed(runner, "spec", "mutant", "sound",
                                   "a.b/fork")[0]

    def test_a_wrong_value_is_believed(self):
        self.assertTrue(self.is_killed(["value", "value"], ["", ""]))

    def test_a_pass_is_believed(self):
        self.assertFalse(self.is_killed(["", ""], ["", ""]))

    def test_a_hang_is_believed_if_the_sound_one_does_not_hang(self):
        self.assertTrue(self.is_killed(["hang", "hang"], ["", ""]))
        self.assertTrue(self.is_killed(["hang", "leak"], ["hang", ""]))

    def test_with_more_time_it_may_pass(self):
        self.assertFalse(self.is_killed(["hang", ""], ["hang", ""]))

    def test_a_hang_of_both_is_not_believed(self):
        self.assertFalse(self.is_killed(["hang", "hang"], ["hang", "hang"]))


if __name__ == "__main__":
    unittest.main()
