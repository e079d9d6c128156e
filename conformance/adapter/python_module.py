"""The module that is adapted, and those of its parts that the adapter needs.

BROOD_MODULE names it, "multiprocessing" if unset.
"""
# SPDX-License-Identifier: MIT
import importlib
import os

mp = importlib.import_module(os.environ.get("BROOD_MODULE", "multiprocessing"))
connection, managers, pool, reduction, sharedctypes, synchronize = (
    importlib.import_module(mp.__name__ + "." + part)
    for part in ("connection", "managers", "pool", "reduction",
                 "sharedctypes", "synchronize"))
