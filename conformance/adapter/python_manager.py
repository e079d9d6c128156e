"""Managers: names of the wire for what Python says with brackets and words.

The types Counter and Board are registered here, so that every server has them.
"""
# SPDX-License-Identifier: MIT
import os
import time

from python_functions import at
from python_module import managers, mp
from python_own import Cell


class Counter:
    def __init__(self, start=0):
        self.count, self.made_with = start, Cell.value

    def add(self, n):
        self.count += n
        return self.count

    def slow_add(self, n):
        before = self.count
        time.sleep(0.002)
        self.count = before + n

    def value(self):
        return self.count

    def cell(self):
        return self.made_with

    def pid(self):
        return os.getpid()

    def echo(self, value):
        return value

    def fail(self, text):
        raise ValueError(text)

    def unsendable(self):
        return lambda: None

    def _hidden(self):
        return self.count


class Board:
    """The server's only one."""

    text = None

    def write(self, text):
        Board.text = text

    def read(self):
        return Board.text

    def erase(self):
        Board.text = None


managers.SyncManager.register("Counter", Counter)
managers.SyncManager.register("Board", Board, exposed=("write", "read"))


def make_manager(obj, initializer=None, initargs=(), address=None,
                 authkey=None):
    if initializer is None and address is None:
        return obj.Manager()
    manager = at(address, authkey, ctx=obj.get_context())
    manager.start(initializer, initargs)
    return manager


def connect_manager(obj, address, authkey=None):
    manager = at(address, authkey)
    manager.connect()
    return manager


def create(manager, name, args=()):
    if hasattr(manager, name):
        return getattr(manager, name)(*args)
    return manager._create(name, *args)


def call(proxy, name, args=()):
    return getattr(proxy, name)(*args)


def set_item(items, key, value):
    items[key] = value


def delete_item(items, key):
    del items[key]


def set_slice(items, start, stop, step, values):
    items[start:stop:step] = values


ITEMS = {
    "get_item": lambda items, key: items[key],
    "set_item": set_item,
    "delete_item": delete_item,
    "contains": lambda items, value: value in items,
    "length": len,
    "iterate": list,
}

# What there is by the type of a proxy, as the manager calls it.
WORDS = {
    "dict": ITEMS,
    "list": dict(ITEMS, slice=lambda items, start=None, stop=None, step=None:
                 items[start:stop:step], set_slice=set_slice),
    "Array": {"length": len, "get": ITEMS["get_item"], "set": set_item},
    "Namespace": {"get": getattr, "set": setattr, "delete": delattr},
    "Counter": {"call": call},
    "Board": {"call": call},
}

# The keyword is `blocking` in threads.
ACQUIRE = {
    "acquire": lambda lock, block=True, timeout=None:
        lock.acquire(block, timeout),
}
for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition"):
    WORDS[name] = ACQUIRE

MANAGER = {
    "create": create,
    "number_of_objects": lambda manager: manager._number_of_objects(),
}

TYPES = {"dict": "Dict", "list": "List", "Value": "ManagedValue",
         "Array": "ManagedArray", "Counter": "Proxy", "Board": "Proxy"}


def word_of(obj, name):
    """What the name means on the wire, if it is not just Python's."""
    if isinstance(obj, managers.BaseProxy):
        return WORDS.get(obj._token.typeid, {}).get(name)
    if isinstance(obj, managers.BaseManager):
        return MANAGER.get(name)
    if name == "Manager" and hasattr(obj, "Manager"):
        return make_manager
    if name == "connect_manager" and obj is mp:
        return connect_manager
    if name == "SyncManager" and obj is mp:
        return lambda obj: managers.SyncManager(ctx=mp.get_context())
    return None


def type_of(proxy):
    typeid = proxy._token.typeid
    return TYPES.get(typeid, typeid)
