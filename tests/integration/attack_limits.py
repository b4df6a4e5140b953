# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attacks that only a limit of time or number ends. See attack.py."""

import collections
import contextlib
import select
import ssl
import time

import attack
from attack import (BINARY, BROKEN, CONTINUATION, Closed, END,
                    PROCESSED, SECONDS, TEXT, Wire, await_go, image_frame,
                    join, png, push, rounds, upgrade, ws_frame)


def half_handshake_and_silence(port, count):
    """`count` connections that stop in the middle, each somewhere else. Tells
    how many were closed, and how old the oldest of them became."""
    request = upgrade(port)[:-2]
    wires, ages = {}, []

    def look(patience):
        for sock in select.select(list(wires), [], [], patience)[0]:
            wire, since = wires[sock]
            with contextlib.suppress(Closed):
                # What is said before the end is no end yet.
                wire.fill()
                continue
            ages.append(time.monotonic() - since)
            sock.close()
            del wires[sock]
    for number in range(count):
        wire = Wire(port)
        wire.send(request[:number * len(request) // count])
        wires[wire.socket] = (wire, time.monotonic())
        look(0)
    opened = time.monotonic()
    while wires and time.monotonic() - opened < SECONDS:
        look(0.1)
    return {'closed': len(ages), 'left': len(wires),
            'oldest': max(ages, default=None)}


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing,
                                                server_hostname='localhost')
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def left_waiting(port, kind):
    """Sends what looks to libsoup like the start of something: bytes of a
    client that takes the port for one of TLS, or a length that is none. Tells
    the longest time until a connection was closed."""
    start = {'tls': client_hello(),
             'minus length': b'POST / HTTP/1.1\r\nHost: a\r\n'
                             b'Content-Length: -1' + END}[kind]
    longest = 0
    for number in rounds():
        with Wire(port) as wire:
            wire.send(start)
            since = time.monotonic()
            if not wire.is_over(SECONDS):
                return {'left open': number}
            longest = max(longest, time.monotonic() - since)
    return {'rounds': number, 'longest': longest}


def endless_header(port, limit=64 << 20):
    """Requests whose header does not end, in three ways. Tells how many bytes
    of each were taken, and whether it was ended then."""
    line = b'GET /ws/try-on/victim/ HTTP/1.1\r\n'
    seen = {}
    for kind, start, data in (
            ('a line', b'', b'a' * 4096),
            ('a field', line + b'X-Long: ', b'a' * 4096),
            ('many fields', line, b'X-Some: thing\r\n' * 400)):
        with Wire(port, send_buffer=1 << 16) as wire:
            wire.send(start)
            seen[kind] = push(wire, data, limit)
    return seen


def endless_bodies(port, limit=1 << 40):
    """Requests whose body does not end. Tells the bytes taken, and whether it
    was ended then."""
    seen = {}
    for method in (b'POST', b'GET'):
        with Wire(port, send_buffer=1 << 16) as wire:
            wire.send(method + b' /ws/try-on/victim/ HTTP/1.1\r\n'
                      b'Host: a\r\nContent-Length: 100000000000' + END)
            seen[method.decode()] = push(wire, bytes(1 << 16), limit)
    return seen


def many_connections(port, count, address):
    """Opens `count` connections from `address` and sends nothing. Tells how
    many were closed at once, unanswered."""
    wires, closed = [], 0
    for _ in range(count):
        wires.append(Wire(port, address=address))
        time.sleep(0.002)
    await_go(at='opened')
    for wire in wires:
        wire.socket.setblocking(False)
        try:
            wire.fill()
        except Closed:
            closed += 1
        except BlockingIOError:
            pass
    for wire in wires:
        wire.socket.close()
    return {'closed': closed, 'left': count - closed}


def endless_message(port, limit=SECONDS):
    """A message whose bytes come one by one without end. Tells how long that
    was taken, and how it ended."""
    with join(port) as wire:
        wire.send(ws_frame(BINARY, b'', claim=1000000))
        start = time.monotonic()
        with contextlib.suppress(*BROKEN):
            while time.monotonic() - start < limit:
                wire.send(b'a')
                if select.select([wire.socket], [], [], 0.05)[0]:
                    break
        seconds = time.monotonic() - start
        wire.socket.settimeout(1)
        said = None
        with contextlib.suppress(Closed, TimeoutError):
            said = wire.text('bye')
        return {'seconds': seconds, 'bye': said, 'code': wire.ending()}


def tiny_fragments(port, limit=32 << 20):
    """One message in fragments without end, of a byte each or of none. Tells
    bytes taken and the code of the end."""
    seen = {}
    for kind, payload in (('one byte', b'a'), ('nothing', b'')):
        for name, opcode in (('text', TEXT), ('binary', BINARY)):
            with join(port, send_buffer=1 << 16) as wire:
                wire.send(ws_frame(opcode, payload, fin=False))
                sent, broke = push(
                    wire, ws_frame(CONTINUATION, payload, fin=False) * 1000,
                    limit)
                wire.socket.settimeout(3)
                seen[f'{kind}, {name}'] = (sent, wire.ending())
    return seen


def vanishes(port):
    """A good client until it stops to answer: the test stops the process. The
    kernel goes on to acknowledge what it gets."""
    with join(port) as wire:
        for number in range(10):
            wire.send(image_frame(number, png()))
            wire.answer()
        await_go(at='served')
    return {}


def two_for_one_session(port, count):
    """Each new client takes the session from the one before it, which has a
    frame under way and half of one."""
    codes = collections.Counter()
    before = None
    half = image_frame(0, png(2000))[:1000]
    for number in range(count):
        # None but the first finds the place free.
        wire = join(port, limit=0 if before else 5)
        if before is not None:
            codes[before.ending()] += 1
            before.socket.close()
        sequences = [number * 10 + i for i in range(6)]
        for sequence in sequences[:-1]:
            wire.send(image_frame(sequence, png()))
            assert wire.answer()[:2] == (PROCESSED, sequence)
        wire.send(image_frame(sequences[-1], png()) + half)
        before = wire
    before.answer()
    await_go(at='taken')
    before.socket.close()
    return {'codes': codes}


if __name__ == '__main__':
    attack.main(globals())
