"""multiprocessing.dummy, claiming to be what it is not.

The negative control of the suite: its processes are threads of the program.
"""
# SPDX-License-Identifier: MIT
import importlib
import os
import sys
from multiprocessing import context, dummy, process

NAME = "dummy"
for part in ("connection", "managers", "pool", "reduction", "sharedctypes",
             "synchronize"):
    sys.modules[__name__ + "." + part] = importlib.import_module(
        "multiprocessing." + part)


class Process(dummy.Process):
    pid = property(lambda self: os.getpid() if self.ident else None)


class Context:
    Process = Process


for name in dummy.__all__:
    if name != "Process":
        setattr(Context, name, staticmethod(getattr(dummy, name)))


def get_context(method=None, made=Context()):
    if method not in (None, "fork"):
        raise ValueError("cannot find context for %r" % method)
    return made


def get_all_start_methods():
    return ["fork"]
