#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What CPython's or billiard's pipes and queues carry, and how quickly.

    ipc_peer.py MODULE SAMPLES WINDOW_MS PATTERNS [METHOD...]

The measures are those of ipc.cc, in an interpreter's terms. A message is new
bytes each time: a queue's thread may still read the last one. A crew stays
together for all sizes, one round each, because starting it takes longer than
what is measured. PATTERNS says how many of the patterns, from the first. A pipe is
for two processes: several at one end would have to lock it. Prints one JSON
object a line, with every sample, or with the reason why there is none. Nothing
heavy is imported up here, because a spawned child imports this file too.
"""
import itertools
import struct
import sys
import time

sys.dont_write_bytecode = True  # the module beside this file is a source
import peer  # noqa: E402
from peer import COME, OWN, STOP  # noqa: E402

TRIPS_UNTIMED = 20
UNTIMED_SECONDS = 0.003
LOOK_SECONDS = 0.0002
WINDOWS = 3
SILENT_SECONDS = 10
LOST_SECONDS = 10

SIZES = (8, 64, 4096, 1 << 16, 1 << 20)
PATTERNS = ((1, 1), (4, 4), (4, 1), (1, 4))
TRIP_BYTES = 64
LARGE_BYTES = 1 << 16  # these stamp their arrival, as in ipc_work.h
QUEUE_BYTES = 16 << 20  # what a queue with a limit holds, as in ipc_board.h
MOST_ITEMS = 4096

# A message: words of 64 bits, the first tells producer and number. Words at
# each 4 KiB and the last one follow from it.
STRIDE_BYTES = 4096
NUMBER_BITS = 48
NUMBER = (1 << NUMBER_BITS) - 1
END_PRODUCER = 0xfffe

# Numbers on the board: for each consumer how many messages it has, when the
# last one came, what is wrong with one; the round that each of the crew is done
# with; messages of each producer, and the sum of their numbers, as it and as
# each consumer says.
MAX_SIDE = 4
COUNT, ARRIVED, FAULT = (OWN + 8 * MAX_SIDE * i for i in range(3))
DONE = OWN + 8 * MAX_SIDE * 3
SENT = DONE + peer.MAX_CREW
RECEIVED = SENT + 2 * MAX_SIDE
SAMPLES = RECEIVED + 2 * MAX_SIDE * MAX_SIDE
MAX_SAMPLES = 4096
BOARD_NUMBERS = SAMPLES + MAX_SAMPLES
FAULTS = ("", "that is not whole", "that nobody sent",
          "that is lost, or out of order")


def of_consumer(kind, consumer):
    return kind + 8 * consumer  # each on a cache line of its own


class Format:
    """Messages of one size: make(head) and read(message), which returns the
    head, or raises ValueError if not all follows from it. In as few steps of
    the interpreter as there can be: they are part of each figure."""

    def __init__(self, size):
        last = size - 8
        strides = (size + STRIDE_BYTES - 1) // STRIDE_BYTES
        words = "Q" if size == 8 else (
            f"Q{STRIDE_BYTES - 8}x" * (strides - 1)
            + f"Q{last - 8 - STRIDE_BYTES * (strides - 1)}xQ")
        layout = struct.Struct(f"<{words}")
        pack, unpack = layout.pack, layout.unpack

        def read_word(message):
            return unpack(message)[0]

        def make_short(head):
            return pack(head, head + last)

        def read_short(message):
            head, end = unpack(message)
            if end != head + last:
                raise ValueError
            return head

        def make_long(head):
            return pack(*range(head, head + size, STRIDE_BYTES), head + last)

        def read_long(message):
            words = unpack(message)
            head = words[0]
            if words != (*range(head, head + size, STRIDE_BYTES), head + last):
                raise ValueError
            return head

        self.make, self.read = (
            (pack, read_word) if size == 8 else
            (make_short, read_short) if strides == 1 else
            (make_long, read_long))


class Ledger:
    """The books of one consumer."""

    def __init__(self, size, producers, alone):
        self.read, self.alone = Format(size).read, alone
        self.next = [0] * producers
        self.counts = [0] * producers
        self.sums = [0] * producers
        self.fault = 0

    def enter(self, message):
        """False if the message tells the consumer to end."""
        try:
            head = self.read(message)
            producer, number = head >> NUMBER_BITS, head & NUMBER
            due = self.next[producer]
        except (struct.error, ValueError):
            self.complain(1)
            return True
        except IndexError:
            self.complain(2 if producer != END_PRODUCER else 0)
            return producer != END_PRODUCER
        if number != due and (self.alone or number < due):
            self.complain(3)
        self.next[producer] = number + 1
        self.counts[producer] += 1
        self.sums[producer] += number
        return True

    def complain(self, fault):
        self.fault = self.fault or fault

    def close(self, board, consumer):
        board[of_consumer(FAULT, consumer)] = self.fault
        for producer in range(len(self.next)):
            at = RECEIVED + 2 * (consumer * MAX_SIDE + producer)
            board[at] = self.counts[producer]
            board[at + 1] = self.sums[producer]


def ends(channel):
    """Returns what sends into a queue or pipe, and what receives from it."""
    if isinstance(channel, tuple):
        return channel[1].send_bytes, channel[0].recv_bytes
    return channel.put, channel.get


def num_sent(board, producers):
    return sum(board[SENT + 2 * i] for i in range(producers))


def num_consumed(board, consumers):
    return sum(board[of_consumer(COUNT, i)] for i in range(consumers))


def end_consumers(board, put, size, pattern, number):
    """As in ipc_work.h; it is the first producer that ends them."""
    producers, consumers = pattern
    while min(board[DONE + i] for i in range(producers)) < number:
        time.sleep(LOOK_SECONDS)
    deadline = time.monotonic() + LOST_SECONDS
    while (num_consumed(board, consumers) < num_sent(board, producers)
           and time.monotonic() < deadline):
        time.sleep(LOOK_SECONDS)
    end = Format(size).make(END_PRODUCER << NUMBER_BITS)
    for i in range(1, consumers + 1):
        put(end)
        while sum(board[DONE + producers + each] == number
                  for each in range(consumers)) < i:
            time.sleep(LOOK_SECONDS)


def produce(board, index, number, put, size, pattern):
    make = Format(size).make
    peer.meet(board, index, number)
    first = head = index << NUMBER_BITS
    while board[STOP] < number:
        put(make(head))
        head += 1
    count = head - first
    board[SENT + 2 * index] = count
    board[SENT + 2 * index + 1] = count * (count - 1) // 2
    board[DONE + index] = number
    if index == 0:
        end_consumers(board, put, size, pattern, number)


def consume(board, index, number, get, size, pattern):
    producers, consumers = pattern
    consumer = index - producers
    count_at = of_consumer(COUNT, consumer)
    arrived_at = of_consumer(ARRIVED, consumer)
    board[count_at] = board[arrived_at] = 0
    ledger = Ledger(size, producers, consumers == 1)
    enter = ledger.enter
    peer.meet(board, index, number)
    for count in itertools.count(1):
        if not enter(get()):
            break
        if size >= LARGE_BYTES:
            board[arrived_at] = time.monotonic_ns()
        board[count_at] = count
    ledger.close(board, consumer)
    board[DONE + index] = number


def stream(path, index, pattern, processors, channels):
    """The rounds of one process, a channel and a size each."""
    board = peer.attach(path, BOARD_NUMBERS)
    peer.tie(index, processors)
    for number, (size, channel) in enumerate(zip(SIZES, channels), 1):
        put, get = ends(channel)
        if index < pattern[0]:
            produce(board, index, number, put, size, pattern)
        else:
            consume(board, index, number, get, size, pattern)


def trips(path, index, places, num_samples, there, back):
    """A round for each number of processors."""
    board = peer.attach(path, BOARD_NUMBERS)
    put, get = (ends(there)[0], ends(back)[1]) if index == 0 else (
        ends(back)[0], ends(there)[1])
    for number, processors in enumerate(places, 1):
        peer.tie(index, processors)
        make = Format(TRIP_BYTES).make
        ledger = Ledger(TRIP_BYTES, 1, True)
        peer.meet(board, index, number)
        begin_ns = time.monotonic_ns()
        for i in range(-TRIPS_UNTIMED, num_samples):
            if index == 0:
                put(make(i + TRIPS_UNTIMED))
                ledger.enter(get())
            else:
                ledger.enter(get())
                put(make(i + TRIPS_UNTIMED))
            now_ns = time.monotonic_ns()
            if index == 0 and i >= 0:
                board[SAMPLES + i] = now_ns - begin_ns
            begin_ns = now_ns
        board[of_consumer(FAULT, index)] = ledger.fault
        board[DONE + index] = number


def queue_items(size):
    return min(MOST_ITEMS, QUEUE_BYTES // size)


CHANNELS = {
    "pipe": lambda context, size: context.Pipe(),
    "queue": lambda context, size: context.Queue(queue_items(size)),
    "simple_queue": lambda context, size: context.SimpleQueue(),
}


def look(board, consumers):
    """As in ipc.cc: how many have arrived, and when."""
    count = num_consumed(board, consumers)
    arrived = max(board[of_consumer(ARRIVED, i)] for i in range(consumers))
    return count, arrived or time.monotonic_ns()


def let_settle(board, size, consumers, window_ms):
    late = time.monotonic() + 2 * window_ms / 1e3
    time.sleep(UNTIMED_SECONDS)
    while (num_consumed(board, consumers) < queue_items(size)
           and time.monotonic() < late):
        time.sleep(UNTIMED_SECONDS)


def observe_window(board, consumers, window_ms):
    """Returns messages a second of all together, over this long; longer if none
    come."""
    begin, begin_ns = end, end_ns = look(board, consumers)
    late = time.monotonic() + SILENT_SECONDS
    # A large one may have stamped its arrival and not yet be counted: then only
    # the count has moved in the end.
    while end == begin or end_ns <= begin_ns:
        if time.monotonic() > late:
            raise RuntimeError("no message came")
        time.sleep(window_ms / 1e3)
        end, end_ns = look(board, consumers)
    return (end - begin) * 1e9 / (end_ns - begin_ns)


def check(board, pattern):
    producers, consumers = pattern
    for i in range(consumers):
        if fault := board[of_consumer(FAULT, i)]:
            raise RuntimeError(f"there was a message {FAULTS[fault]}")
    for producer in range(producers):
        sent = list(board[SENT + 2 * producer:][:2])
        cells = [RECEIVED + 2 * (i * MAX_SIDE + producer)
                 for i in range(consumers)]
        received = [sum(board[at + each] for at in cells) for each in (0, 1)]
        if sent != received:
            raise RuntimeError(f"{sent[0]} messages sent and {received[0]} "
                               "received are not the same")


def await_done(board, count, number):
    peer.await_true(lambda: min(board[DONE:DONE + count]) >= number)


def measure_stream(context, targets, kind, pattern, window_ms):
    """Returns for each size the messages a second in each window."""
    count, rates = sum(pattern), []
    channels = [CHANNELS[kind](context, size) for size in SIZES]
    with peer.Crew(context, targets.stream, count, BOARD_NUMBERS,
                   (pattern, min(len(peer.ALLOWED), count), channels)) as crew:
        for number, size in enumerate(SIZES, 1):
            crew.begin(number)
            let_settle(crew.board, size, pattern[1], window_ms)
            rates.append([observe_window(crew.board, pattern[1], window_ms)
                          for _ in range(WINDOWS)])
            crew.board[STOP] = number
            await_done(crew.board, count, number)
            check(crew.board, pattern)
    return rates


def measure_trips(context, targets, kind, places, num_samples):
    """Returns samples in microseconds for each number of processors."""
    there = back = CHANNELS[kind](context, TRIP_BYTES)
    if kind == "pipe":  # goes both ways
        back = there[::-1]
    else:
        back = CHANNELS[kind](context, TRIP_BYTES)
    series = []
    with peer.Crew(context, targets.trips, 2, BOARD_NUMBERS,
                   (places, num_samples, there, back)) as crew:
        for number in range(1, len(places) + 1):
            crew.begin(number)
            await_done(crew.board, 2, number)
            check(crew.board, (0, 2))
            series.append([ns / 1e3 for ns in crew.board[SAMPLES:][:num_samples]])
    return series


def measure(context, targets, num_samples, window_ms, patterns):
    for pattern in PATTERNS[:patterns]:
        for kind in CHANNELS:
            if kind == "pipe" and pattern != (1, 1):
                continue
            rates = measure_stream(context, targets, kind, pattern, window_ms)
            for size, samples in zip(SIZES, rates):
                yield "throughput", kind, {
                    "pattern": "%d:%d" % pattern, "size": size,
                    "msgs_per_s": [round(msgs, 3) for msgs in samples],
                    "mib_per_s": [round(msgs * size / (1 << 20), 3)
                                  for msgs in samples]}
    places = sorted({1, min(2, len(peer.ALLOWED))}, reverse=True)
    for kind in CHANNELS:
        series = measure_trips(context, targets, kind, places, num_samples)
        for place, us in zip(places, series):
            yield "round_trip", kind, {
                "size": TRIP_BYTES, "wait": "block" if place == 1 else "spin",
                "us": us}


if __name__ == "__main__":
    peer.main("ipc_peer", measure, 3)
