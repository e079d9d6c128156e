# SPDX-License-Identifier: MIT
"""What pools cost. What a sample is, and why it is fair, stands at the top of
bench/pool.cc."""
from comparison import run

POOL, PEER = "bench/pool", "bench/pool_peer.py"


class Pool:
    name = "pool"
    files = (POOL, PEER)

    def __init__(self, quick):
        self.quick = quick
        if quick:
            self.rounds, self.seconds = 1, 10
            self.samples, self.peer_samples = 60, 15
            self.map_ms, self.peer_map_ms = 3, 1
        else:
            self.rounds, self.seconds = 6, 100
            self.samples, self.peer_samples = 400, 100
            self.map_ms, self.peer_map_ms = 20, 5

    def steps(self, _number):
        yield run.benchmark(POOL, f"--samples={self.samples}",
                            f"--map_ms={self.map_ms}")
        yield from run.peers(PEER, self.quick, self.peer_samples,
                             self.peer_map_ms)
