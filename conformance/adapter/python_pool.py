"""The part of the handle `os` that pools need: callbacks, sources, threads."""
# SPDX-License-Identifier: MIT
import json
import os
import threading
import time

from python_functions import note, square


class Callback:
    """What a pool calls: records its argument, and then does something."""

    def __init__(self, own, path, then):
        self.own, self.path, self.then = own, path, then

    def __call__(self, value=None, *others, **named):
        if others or named:  # an accept or a timeout callback
            value = named.get("soft", value)
        plain = value is None or isinstance(value, (bool, int, float, str,
                                                    list))
        note(self.path, json.dumps(value if plain else type(value).__name__))
        if self.then is not None:
            getattr(self, self.then)(self.own.used)

    def done(self):
        note(self.path, json.dumps("done"))

    def fail(self, used):
        raise RuntimeError("this callback fails")

    def rest(self, used):
        time.sleep(0.05)
        self.done()

    def close(self, pool):
        pool.close()
        self.done()

    def terminate(self, pool):
        pool.terminate()
        self.done()

    def submit(self, pool):
        pool.apply_async(square, (7,),
                         callback=Callback(self.own, self.path, None))

    def ready(self, result):
        note(self.path, json.dumps(result.ready()))


class Listener:
    """Told of each worker that comes or goes: notes the text."""

    def __init__(self, path, text):
        self.path, self.text = path, text

    def __call__(self, worker):
        note(self.path, self.text)


class Source:
    """Gives the items, notes each one, fails at an index."""

    def __init__(self, values, path, fail_at):
        self.values, self.path, self.fail_at = values, path, fail_at

    def __iter__(self):
        for i, value in enumerate(self.values):
            if i == self.fail_at:
                raise KeyError(i)
            note(self.path, str(value))
            yield value


class PoolOwn:
    used = None  # what callbacks act on

    def recorder(self, path, then=None):
        return Callback(self, path, then)

    def listener(self, path, text):
        return Listener(path, text)

    def use(self, obj):
        self.used = obj

    def source(self, values, path, fail_at=None):
        return Source(values, path, fail_at)

    def numbers(self, n):
        return list(range(n))

    def rest(self, iterator):
        return list(iterator)

    def next_in_threads(self, iterator, n):
        taken = []
        run(lambda row: row.extend(iterator), [taken] * n)
        return taken

    def pool_in_thread(self, context, processes):
        made = []
        run(lambda row: row.append(context.Pool(processes)), [made])
        return made[0]

    if hasattr(os, "sched_setaffinity"):
        def limit_processors(self, n):
            allowed = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, allowed[:n])


def run(function, rows):
    threads = [threading.Thread(target=function, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
