# SPDX-License-Identifier: MIT
"""What shared objects cost. What a sample is, and why it is fair, stands at
the top of bench/sync.cc."""
from comparison import run

SYNC, PEER = "bench/sync", "bench/sync_peer.py"


class Sync:
    name = "sync"
    files = (SYNC, PEER)

    def __init__(self, quick):
        self.quick = quick
        if quick:
            self.rounds, self.seconds = 5, 4
            self.turns, self.samples, self.peer_samples = 1, 25, 10
            self.contend_ms = 15
        else:
            self.rounds, self.seconds = 12, 80
            self.turns, self.samples, self.peer_samples = 4, 50, 40
            self.contend_ms = 25

    def steps(self, _number):
        yield run.benchmark(SYNC, f"--samples={self.samples}",
                            f"--turns={self.turns}",
                            f"--contend_ms={self.contend_ms}")
        yield from run.peers(PEER, self.quick, self.peer_samples,
                             self.contend_ms)
