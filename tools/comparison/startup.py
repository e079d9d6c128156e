# SPDX-License-Identifier: MIT
"""What starting a process costs. What a sample is, and why it is fair, stands
at the top of bench/startup.cc."""
import pathlib

from comparison import outside, run

STARTUP, PEER = "bench/startup", "bench/startup_peer.py"
SPARE_MIB = 256  # memory to leave to the rest of the machine


class Startup:
    name = "startup"
    files = (STARTUP, PEER, outside.CHILD)

    def __init__(self, quick, wanted_mib, samples, program=()):
        self.program = program
        self.parent_mib = sizes_that_fit(wanted_mib, samples)
        if quick:
            self.rounds, self.seconds = 5, 12
            self.turns, self.samples = 1, 8
            self.peer_samples = {"fork": 6, "forkserver": 3, "spawn": 2}
        else:
            self.rounds, self.seconds = 12, 130
            self.turns, self.samples = 4, 25
            self.peer_samples = {"fork": 25, "forkserver": 15, "spawn": 9}

    def steps(self, number):
        yield from outside.steps(self.program, 10)
        # What comes first in a new process finds the scheduler in another
        # mood: each size is first in every other round.
        sizes = self.parent_mib[::(-1) ** number]
        yield run.benchmark(STARTUP, f"--samples={self.samples}",
                            f"--turns={self.turns}",
                            f"--parent_mib={','.join(map(str, sizes))}")
        for impl in run.PEERS:
            for method in run.METHODS:
                yield run.peer(PEER, impl, method,
                               str(self.peer_samples[method]),
                               field="method")


def sizes_that_fit(wanted, samples):
    """Returns the sizes that the machine has memory for now."""
    text = pathlib.Path("/proc/meminfo").read_text()
    free_mib = next((int(line.split()[1]) // 1024
                     for line in text.splitlines()
                     if line.startswith("MemAvailable:")), 1 << 20)
    for mib in wanted:
        if mib and mib + SPARE_MIB > free_mib:
            samples.absent[f"parent of {mib} MiB"] = (
                f"only {free_mib} MiB of memory are free")
    return [mib for mib in wanted if not mib or mib + SPARE_MIB <= free_mib]
