# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attacks before a client is let in. See attack.py."""

import collections
import contextlib
import socket

import attack
from attack import (BROKEN, Closed, END, INIT, PROCESSED, TEXT, Wire,
                    image_frame, png, push, rounds, upgrade, ws_frame)


def one_byte_at_a_time(port):
    """A good client, but for its writes."""
    kinds = collections.Counter()
    image = png()
    with Wire(port) as wire:
        wire.trickle(upgrade(port))
        assert wire.head()[0] == 101
        wire.trickle(ws_frame(TEXT, INIT))
        wire.text('session_ready')
        for number in rounds():
            wire.trickle(image_frame(number, image))
            kind, sequence, payload = wire.answer()
            assert (sequence, payload) == (number, image), sequence
            kinds[kind] += 1
    return {'processed': kinds[PROCESSED], 'sent': number + 1}


GARBAGE = {
    'zeros': bytes(5000) + END,
    'no words': b'\r\n' * 1000 + END,
    'spaces': b' ' * 8000 + END,
    'high bytes': bytes(range(128, 256)) * 20 + END,
    'no version': b'GET /ws/try-on/victim/' + END,
    'old version': b'GET /ws/try-on/victim/ HTTP/0.9' + END,
    'next version': b'PRI * HTTP/2.0' + END + b'SM' + END,
    'mad version': b'GET /ws/try-on/victim/ HTTP/99999999999.1' + END,
    'long method': b'G' * 4000 + b' / HTTP/1.1' + END,
    'long path': b'GET /' + b'a' * 8000 + b' HTTP/1.1\r\nHost: a' + END,
    'path of dots': b'GET /ws/try-on/../../etc/passwd HTTP/1.1\r\nHost: a'
                    + END,
    'escapes': b'GET /ws/try-on/%00%0d%0a%c0%80/ HTTP/1.1\r\nHost: a' + END,
    'no path': b'GET  HTTP/1.1\r\nHost: a' + END,
    'star': b'OPTIONS * HTTP/1.1\r\nHost: a' + END,
    'proxy': b'CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: a' + END,
    'absolute': b'GET http://other.example/ HTTP/1.1\r\nHost: b' + END,
    'bad address': b'GET http://[::1/ HTTP/1.1\r\nHost: [' + END,
    'no host': b'GET /ws/try-on/victim/ HTTP/1.1' + END,
    'no colon': b'GET / HTTP/1.1\r\nHost 127.0.0.1' + END,
    'zero in header': b'GET / HTTP/1.1\r\nHost: a\0b\r\nX\0: y' + END,
    'folded': b'GET / HTTP/1.1\r\nHost: a\r\n b\r\n c' + END,
    'two lengths': b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n'
                   b'Content-Length: 2' + END + b'ab',
    'minus chunk': b'POST / HTTP/1.1\r\nHost: a\r\n'
                   b'Transfer-Encoding: chunked' + END + b'-1\r\nab\r\n',
    'huge chunk': b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked'
                  + END + b'f' * 40 + b'\r\nab\r\n',
    'line feeds': b'GET / HTTP/1.1\nHost: a\n\n',
    'half upgrade': b'GET /ws/try-on/victim/ HTTP/1.1\r\nHost: a\r\n'
                    b'Connection: Upgrade\r\nUpgrade: websocket' + END,
    'bad key': b'GET /ws/try-on/victim/ HTTP/1.1\r\nHost: a\r\n'
               b'Connection: Upgrade\r\nUpgrade: websocket\r\n'
               b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \xff\xfe\r\n'
               b'Sec-WebSocket-Protocol: tryon.v1' + END,
}


def garbage_for_http(port):
    """Each kind of garbage with an end of a header behind it, so that there is
    nothing to wait for. Tells what each got: a status, "closed" or
    "silence"."""
    seen = {kind: collections.Counter() for kind in GARBAGE}
    for number in rounds():
        for kind, data in GARBAGE.items():
            with Wire(port, patience=2) as wire:
                with contextlib.suppress(*BROKEN):
                    wire.send(data)
                try:
                    got = wire.head()[0]
                except Closed:
                    got = 'closed'
                except socket.timeout:
                    got = 'silence'
            seen[kind][got] += 1
    return {'rounds': number + 1, 'seen': seen}


def endless_body(port, limit=96 << 20):
    """Requests whose body does not end, with what no server of ours has a use
    for. Tells how many bytes of each were taken, and whether it broke."""
    seen = {}
    for kind, fields, data in (
            ('length', b'Content-Length: 100000000000', bytes(1 << 16)),
            ('chunks', b'Transfer-Encoding: chunked',
             b'10000\r\n' + bytes(1 << 16) + b'\r\n')):
        for method in (b'POST', b'GET'):
            with Wire(port, send_buffer=1 << 16) as wire:
                wire.send(method + b' /ws/try-on/victim/ HTTP/1.1\r\n'
                          b'Host: 127.0.0.1\r\n' + fields + END)
                seen[f'{method.decode()}, {kind}'] = push(wire, data, limit)
    return seen


def requests_without_end(port, limit=64 << 20):
    """Request behind request on one connection, until it is closed, and no
    answer is read."""
    requests = b'GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' * 100
    total = 0
    for number in rounds():
        with Wire(port, receive_buffer=4096) as wire:
            sent, broke = push(wire, requests, limit)
        total += sent
        if not broke:
            return {'not closed after': sent}
    return {'rounds': number + 1, 'sent': total}


def thousand_connections(port, count=1000, held=100):
    """Connections that come and go; `held` of them are there at a time. Half
    of them ask for a WebSocket that they get, each in the place of the one
    before, or for one that is not there; the others stop on the way there."""
    request = upgrade(port)
    other = upgrade(port, 'nobody')
    kept = collections.deque()
    statuses = collections.Counter()

    def leave():
        wire, ends_hard = kept.popleft()
        wire.reset() if ends_hard else wire.socket.close()

    for number in range(count):
        wire = Wire(port)
        kind = number % 6
        if kind == 1:
            wire.send(request[:len(request) // 2])
        elif kind > 1:
            wire.send(other if kind == 2 else request)
        if kind in (2, 3, 5):
            statuses[wire.head()[0]] += 1
        kept.append((wire, number % 4 == 0))
        if len(kept) > held:
            leave()
    while kept:
        leave()
    return {'statuses': statuses}


if __name__ == '__main__':
    attack.main(globals())
