"""loky as a module that is shaped like multiprocessing.

loky brings a context, processes, queues and locks of its own; for all else its
users import multiprocessing, and so does this.
"""
# SPDX-License-Identifier: MIT
import importlib
import sys

import loky
from loky.backend.context import (cpu_count, get_context, get_start_method,
                                  set_start_method)
from multiprocessing import (Pipe, active_children, context, current_process,
                             log_to_stderr, parent_process, process)

NAME = "loky"
__version__ = loky.__version__
Process = get_context().Process


def get_all_start_methods():
    """loky has a list instead, START_METHODS: with multiprocessing's own."""
    return ["loky"]


for part, home in (("connection", "multiprocessing"),
                   ("pool", "multiprocessing"),
                   ("sharedctypes", "multiprocessing"),
                   ("reduction", "loky.backend"),
                   ("synchronize", "loky.backend")):
    sys.modules[__name__ + "." + part] = importlib.import_module(
        home + "." + part)
