# SPDX-License-Identifier: MIT
"""What calls to managers cost. What a sample is, and why it is fair, stands at
the top of bench/manager.cc."""
from comparison import run

MANAGER, PEER = "bench/manager", "bench/manager_peer.py"
METHOD = "forkserver"  # a call costs the same whatever its client was started by


class Manager:
    name = "manager"
    files = (MANAGER, PEER)

    def __init__(self, quick):
        self.rounds, self.seconds = (1, 10) if quick else (5, 45)
        self.samples, self.window_ms = (100, 2) if quick else (400, 10)
        self.most_clients = 4 if quick else 100

    def steps(self, _number):
        yield run.benchmark(MANAGER, f"--samples={self.samples}",
                            f"--window_ms={self.window_ms}",
                            f"--most_clients={self.most_clients}")
        for impl in run.PEERS:
            yield run.peer(PEER, impl, METHOD, str(self.samples),
                           str(self.window_ms), str(self.most_clients))
