# SPDX-License-Identifier: MIT
"""What pipes and queues carry. What a sample is, and why it is fair, stands at
the top of bench/ipc.cc."""
from comparison import run

IPC, PEER = "bench/ipc", "bench/ipc_peer.py"


class Ipc:
    name = "ipc"
    files = (IPC, PEER)

    def __init__(self, quick):
        self.quick = quick
        if quick:
            self.rounds, self.seconds = 1, 15
            self.samples, self.peer_samples = 60, 25
            self.window_ms, self.patterns = 2, 2
        else:
            self.rounds, self.seconds = 6, 125
            self.samples, self.peer_samples = 400, 200
            self.window_ms, self.patterns = 10, 4

    def steps(self, _number):
        yield run.benchmark(IPC, f"--samples={self.samples}",
                            f"--window_ms={self.window_ms}",
                            f"--patterns={self.patterns}")
        yield from run.peers(PEER, self.quick, self.peer_samples,
                             self.window_ms, self.patterns)
