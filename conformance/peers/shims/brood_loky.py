"""loky as a module that is shaped like multiprocessing.

loky brings a context, processes, queues and locks of its own; for all else its
users import multiprocessing, and so does this. Of a default method it has
nothing that is meant for them (joblib/loky#404).
"""
# SPDX-License-Identifier: MIT
import importlib
import sys

import loky
from loky.backend import get_context
from loky.backend.context import cpu_count
from multiprocessing import (Pipe, active_children, context, current_process,
                             log_to_stderr, parent_process, process)

NAME = "loky"
LACKS = ("method", "forkserver", "preload", "executable", "foreign",
         "manager", "manager.sync", "manager.own", "manager.nested",
         "manager.count", "manager.remote")
__version__ = loky.__version__


def get_all_start_methods():
    """loky has a list instead, with multiprocessing's own in it."""
    return ["loky"]


for part, home in (("connection", "multiprocessing.connection"),
                   ("managers", "multiprocessing.managers"),
                   ("pool", "multiprocessing.pool"),
                   ("sharedctypes", "multiprocessing.sharedctypes"),
                   ("reduction", "loky.backend._posix_reduction"),
                   ("synchronize", "loky.backend.synchronize")):
    sys.modules[__name__ + "." + part] = importlib.import_module(home)
