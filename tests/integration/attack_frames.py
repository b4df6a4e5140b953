# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attacks by clients that were let in. See attack.py."""

import collections
import contextlib
import select
import struct
import time

import attack
from attack import (BINARY, BROKEN, CLOSE, Closed, CONTINUATION, DROPPED,
                    HEADER, INIT, PING, PROCESSED, SECONDS, TEXT, await_go,
                    image_frame, image_message, join, png, push, rounds,
                    ws_frame)


def unmasked_frame(port):
    """Frames without a mask: messages of both kinds, a fragment, a ping and a
    close frame."""
    bad = [ws_frame(TEXT, INIT, masked=False),
           ws_frame(BINARY, image_message(0, png()), masked=False),
           ws_frame(BINARY, b'a', fin=False, masked=False),
           ws_frame(PING, b'a', masked=False),
           ws_frame(CLOSE, b'\x03\xe8', masked=False)]
    return ends_of(port, bad)


def length_2_63(port):
    """Frames that claim to be as long as no memory is."""
    bad = [ws_frame(opcode, bytes(1000), claim=claim)
           for claim in (1 << 63, (1 << 64) - 1, (1 << 63) - 1, 1 << 62)
           for opcode in (BINARY, TEXT)]
    return ends_of(port, bad)


def text_not_utf8(port):
    """Text that no UTF-8 is, whole and cut in the middle of a character."""
    bad = [ws_frame(TEXT, b'{"type": "' + data + b'"}') for data in (
        b'\xff', b'\x80', b'\xc3', b'\xc0\xaf', b'\xed\xa0\x80',
        b'\xf4\x90\x80\x80', b'\xf8\x88\x80\x80\x80')]
    bad.append(ws_frame(TEXT, b'"\xe2\x82', fin=False)
               + ws_frame(CONTINUATION, b'\xff"'))
    bad.append(ws_frame(TEXT, b'"\xe2\x82'))
    return ends_of(port, bad)


def ends_of(port, attempts):
    """How the connection ends on which each of these was sent: a list as long
    as `attempts`, of codes and how often each came."""
    seen = [collections.Counter() for _ in attempts]
    for number in rounds():
        with join(port, patience=5) as wire:
            which = number % len(attempts)
            wire.send(attempts[which])
            seen[which][wire.ending()] += 1
            time.sleep(0.002)
    return {'seen': seen}


def one_byte_reader(port, window=4):
    """Takes what it gets a byte at a time, through a small buffer: answers
    that fit into it, and answers that leave in many pieces."""
    kinds = collections.Counter()
    images = [png(500)] * 40 + [png(20000)] * 4
    with join(port, receive_buffer=4096) as wire:
        wire.at_once = 1
        sent = 0
        for number in rounds():
            while sent < number + window:
                wire.send(image_frame(sent, images[sent % len(images)]))
                sent += 1
            kind, sequence, payload = wire.answer()
            assert sequence == number, (sequence, number)
            expected = images[number % len(images)]
            assert payload == (expected if kind == PROCESSED else b'')
            kinds[kind] += 1
    return {'processed': kinds[PROCESSED], 'dropped': kinds[DROPPED]}


def huge_claim_slow(port, count, claim):
    """A client of each of `count` sessions sends the start of a message that
    it says is large, and then next to nothing."""
    wires = [join(port, f's{number}') for number in range(count)]
    await_go(at='joined')
    for wire in wires:
        wire.send(ws_frame(BINARY, HEADER.pack(1, 1, 0, 0, 0, 0, 0,
                                               claim - HEADER.size, 0),
                           claim=claim))
    sent = 0
    for _ in rounds():
        for wire in wires:
            wire.send(b'a')
        sent += 1
        time.sleep(0.05)
    await_go(at='sent')
    # Not all at once: so many streams that end at the same moment in one pipeline,
    # which nobody has but this test, have their threads spin in the bus's queue
    # (gst_atomic_queue_push() waits for those that came before) for seconds.
    for wire in wires:
        wire.socket.close()
        time.sleep(0.005)
    return {'sent': sent * count}


def reset_in_mid_frame(port):
    """Leaves with a reset in the middle of something, every time elsewhere."""
    image = png(60000)
    frame = image_frame(1, image)
    cuts = [1, 2, 6, 14, 30, 46, 1000, 30000, len(frame) - 1]
    for number in rounds():
        wire = join(port, init=number % 2 == 0)
        if number % 3 == 0:
            wire.send(image_frame(0, image))
        wire.send(frame[:cuts[number % len(cuts)]])
        wire.reset()
    return {'rounds': number}


def nesting_80000(port):
    """Text that nests deeper than any stack, again and again on one
    connection."""
    texts = [b'[' * 80000, b'{"a":' * 80000,
             b'{"type": "ping", "t0": ' + b'[' * 80000,
             b'[' * 80000 + b']' * 80000,
             # Nothing is wrong with these but how deep they are.
             b'{"type": "ping", "t0": 1, "x": ' + b'[' * 80000 + b']' * 80000
             + b'}',
             b'{"type": "ping", "t0": 1, "x": ' + b'{"a":' * 80000 + b'1'
             + b'}' * 80000 + b'}']
    codes = collections.Counter()
    with join(port) as wire:
        for number in rounds():
            wire.send(ws_frame(TEXT, texts[number % len(texts)]))
            codes[wire.text('error')['code']] += 1
        wire.send(image_frame(0, png()))
        kind, *_ = wire.answer()
    return {'rounds': number + 1, 'codes': codes,
            'served': kind == PROCESSED}


def ping_flood(port, reads):
    """Pings as fast as they go. With the pongs read for SECONDS; without, until
    that is put an end to."""
    pings = b''.join(ws_frame(PING, struct.pack('>I', number) + bytes(121))
                     for number in range(500))
    received = 0
    with join(port, receive_buffer=None if reads else 4096) as wire:
        if not reads:
            return push_to_the_end(wire, pings)
        sent, start = 0, time.monotonic()
        wire.socket.setblocking(False)
        position = 0
        while time.monotonic() - start < SECONDS:
            readable, writable, _ = select.select([wire.socket],
                                                  [wire.socket], [], 0.1)
            if readable:
                received += len(wire.socket.recv(1 << 20))
            if writable:
                count = wire.socket.send(pings[position:position + (1 << 16)])
                sent += count
                position = (position + count) % len(pings)
        # The rest of the ping that is under way, and then a client like any.
        wire.socket.settimeout(10)
        wire.send(pings[position:])
        last = pings[-125:]
        wire.unread.clear()
        while not wire.unread.endswith(last):
            wire.fill()
        wire.unread.clear()
        wire.send(image_frame(0, png()))
        served = wire.answer()[0] == PROCESSED
    return {'sent': sent, 'received': received, 'served': served}


def push_to_the_end(wire, data):
    """Sends `data` again and again, and reads nothing, until the connection
    breaks. Tells the bytes that were taken, and the seconds."""
    sent, broke, start = 0, False, time.monotonic()
    while not broke and time.monotonic() - start < 4 * SECONDS:
        count, broke = push(wire, data, 1 << 40)
        sent += count
    assert broke, sent
    return {'sent': sent, 'seconds': time.monotonic() - start}


def text_flood_unread(port):
    """Asks for text as fast as it can be asked for, and reads none."""
    with join(port, receive_buffer=4096) as wire:
        return push_to_the_end(wire,
                               ws_frame(TEXT, b'{"type": "ping", "t0": 1}')
                               * 500)


def text_flood_slow_reader(port):
    """Asks for text as fast as it can be asked for, and reads a little of it
    only now and then."""
    texts = ws_frame(TEXT, b'{"type": "ping", "t0": 1}') * 500
    sent, start = 0, time.monotonic()
    position = 0
    with join(port, receive_buffer=4096) as wire:
        wire.socket.setblocking(False)
        with contextlib.suppress(*BROKEN):
            while time.monotonic() - start < SECONDS:
                if select.select([], [wire.socket], [], 0.05)[1]:
                    count = wire.socket.send(
                        texts[position:position + (1 << 16)])
                    sent += count
                    position = (position + count) % len(texts)
                # Less than 100 kB a second.
                if len(wire.unread) < 100000 * (time.monotonic() - start):
                    with contextlib.suppress(BlockingIOError):
                        wire.unread += wire.socket.recv(1000)
        wire.socket.settimeout(20)
        await_go(at='flooded', sent=sent)
        return {'sent': sent, 'code': wire.ending()}


def frame_flood(port, size):
    """Frames as fast as they go, whatever credit says. The answers are read,
    and held against what was sent."""
    image = png(size)
    kinds = collections.Counter()
    sent, start, waiting = 0, time.monotonic(), b''
    with join(port) as wire:
        def take_answers():
            while sum(kinds.values()) < sent:
                kind, sequence, payload = wire.answer()
                assert sequence == sum(kinds.values()), sequence
                assert payload == (image if kind == PROCESSED else b'')
                kinds[kind] += 1
        wire.socket.setblocking(False)
        try:
            while time.monotonic() - start < SECONDS:
                select.select([wire.socket], [wire.socket], [], 0.1)
                if not waiting:
                    waiting = image_frame(sent, image)
                    sent += 1
                with contextlib.suppress(BlockingIOError):
                    waiting = waiting[wire.socket.send(waiting):]
                with contextlib.suppress(BlockingIOError):
                    take_answers()
            wire.socket.settimeout(10)
            wire.send(waiting)
            take_answers()
            ending = 'open'
        except (Closed, *BROKEN) as error:
            ending = str(error)
    return {'sent': sent, 'processed': kinds[PROCESSED],
            'dropped': kinds[DROPPED], 'ending': ending}


def fragments_512x64k(port):
    """32 MB as one message, in pieces each of which would be allowed."""
    piece = bytes(64000)
    data = (ws_frame(BINARY, piece, fin=False)
            + ws_frame(CONTINUATION, piece, fin=False) * 510
            + ws_frame(CONTINUATION, piece))
    codes = collections.Counter()

    def attack_once():
        with join(port) as wire:
            with contextlib.suppress(*BROKEN):
                wire.send(data)
            codes[wire.ending()] += 1
    # As a warm-up: what clients cost that come and go.
    for _ in range(30):
        join(port).socket.close()
    await_go(at='served')
    attack_once()
    await_go(at='once')
    for _ in rounds():
        attack_once()
    return {'codes': codes}


def reads_late(port, size, count=40):
    """Sends more frames than all buffers on the way back hold, and only then
    reads: what was under way must go on where it stopped."""
    image = png(size)
    kinds = collections.Counter()
    with join(port, receive_buffer=1 << 16) as wire:
        for number in rounds():
            sequences = range(number * count, (number + 1) * count)
            for sequence in sequences:
                wire.send(image_frame(sequence, image))
                time.sleep(0.001)
            for sequence in sequences:
                kind, answered, payload = wire.answer()
                assert answered == sequence, (answered, sequence)
                assert payload == (image if kind == PROCESSED else b'')
                kinds[kind] += 1
    return {'processed': kinds[PROCESSED], 'dropped': kinds[DROPPED]}


def never_reads(port, size, count):
    """Sends `count` frames, as a client does that is served faster than by
    its credit, and reads no answer."""
    image = png(size)
    with join(port, receive_buffer=4096) as wire:
        # As a warm-up: what a client of such frames needs in any case.
        for number in range(20):
            wire.send(image_frame(number, image))
            wire.answer()
        await_go(at='served')
        for number in range(20, 20 + count):
            wire.send(image_frame(number, image))
            # Faster, and most of them are given up before they are answered.
            time.sleep(0.002)
        await_go(at='sent')
    return {}


def close_and_keep_sending(port):
    """Says that it closes, or breaks the rules, and then sends on and never
    closes TCP. Tells how long the server lets it."""
    image = png(50000)
    data = b''.join(image_frame(number, image) for number in range(100))
    seen = {}
    for kind, start in (
            ('close', ws_frame(CLOSE, b'\x03\xe8')),
            ('close without code', ws_frame(CLOSE)),
            ('broken', ws_frame(3, b'')),
            ('close in a message', ws_frame(BINARY, b'a', fin=False)
             + ws_frame(CLOSE, b'\x03\xe8'))):
        with join(port) as wire:
            wire.send(start)
            seen[kind] = push_to_the_end(wire, data)['seconds']
    return seen


if __name__ == '__main__':
    attack.main(globals())
