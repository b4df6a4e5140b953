# SPDX-License-Identifier: LGPL-2.1-or-later
"""What hostile peers are made of, byte by byte.

  attack_handshake.py NAME PORT [OPTIONS AS JSON]
  attack_frames.py NAME PORT [OPTIONS AS JSON]
  attack_limits.py NAME PORT [OPTIONS AS JSON]

They are processes of their own, so that their work is not in the way of the
client beside them that is watched. Nothing but sockets and the standard
library: whatever a WebSocket library would refuse to send can be sent. They
say what they saw as JSON objects, one a line; the last one is the result. Most
of them go on for SECONDS, many with a new connection each round.

What the server should make of it is the tests' matter: here only what came is
told."""

import base64
import hashlib
import itertools
import json
import random
import select
import socket
import struct
import sys
import time
import zlib

SECONDS = 2
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
CONTINUATION = 0
HEADER = struct.Struct('>BBHIQIIII')
PROCESSED, DROPPED = 2, 3
INIT = b'{"type": "init_session"}'
END = b'\r\n\r\n'
BROKEN = (ConnectionError,)


def say(**fields):
    print(json.dumps(fields), flush=True)


def await_go(**fields):
    """Says how far it is, and waits until the test has seen to it."""
    say(**fields)
    sys.stdin.readline()


def rounds(seconds=SECONDS):
    start = time.monotonic()
    for number in itertools.count():
        if time.monotonic() - start > seconds:
            return
        yield number


# ---- bytes


def ws_frame(opcode, payload=b'', fin=True, masked=True, claim=None):
    """A frame; `claim` is the length that it pretends to have. The key is
    zeros, with which masked bytes are as they were."""
    length = len(payload) if claim is None else claim
    mask = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | opcode])
    if length < 126:
        head += bytes([mask | length])
    elif length < 1 << 16:
        head += struct.pack('>BH', mask | 126, length)
    else:
        head += struct.pack('>BQ', mask | 127, length)
    return head + (bytes(4) if masked else b'') + payload


def png(size=0):
    """An 8x8 picture, in a file of at least `size` bytes."""
    def chunk(kind, data):
        return (struct.pack('>I', len(data)) + kind + data
                + struct.pack('>I', zlib.crc32(kind + data)))
    start = (b'\x89PNG\r\n\x1a\n'
             + chunk(b'IHDR', struct.pack('>IIBBBBB', 8, 8, 8, 0, 0, 0, 0)))
    end = (chunk(b'IDAT', zlib.compress((b'\0' + bytes(8)) * 8))
           + chunk(b'IEND', b''))
    missing = size - len(start) - len(end)
    if missing > 0:
        # Bytes in the wrong place must show.
        start += chunk(b'teXt', b'x\0' + random.Random(0).randbytes(missing))
    return start + end


def image_message(sequence, image):
    return HEADER.pack(1, 1, 0, sequence, 0, 0, 0, len(image), 0) + image


def image_frame(sequence, image):
    return ws_frame(BINARY, image_message(sequence, image))


def upgrade(port, session='victim'):
    return (f'GET /ws/try-on/{session}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n'
            'Connection: Upgrade\r\nUpgrade: websocket\r\n'
            'Sec-WebSocket-Version: 13\r\n'
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
            'Sec-WebSocket-Protocol: tryon.v1\r\n\r\n').encode()


ACCEPT = base64.b64encode(hashlib.sha1(
    b'dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest())


# ---- connections


class Closed(Exception):
    """The other side closed TCP, or reset it."""


class Wire:
    """A TCP connection. Reads fail after `patience` seconds."""

    def __init__(self, port, patience=10, receive_buffer=None,
                 send_buffer=None, address=None):
        self.socket = socket.socket()
        for option, size in ((socket.SO_RCVBUF, receive_buffer),
                             (socket.SO_SNDBUF, send_buffer)):
            if size is not None:
                self.socket.setsockopt(socket.SOL_SOCKET, option, size)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address is not None:
            self.socket.bind((address, 0))
        self.socket.settimeout(patience)
        self.socket.connect(('127.0.0.1', port))
        self.at_once = 1 << 16
        self.unread = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def trickle(self, data, pause=0.001):
        for byte in data:
            self.socket.sendall(bytes([byte]))
            time.sleep(pause)

    def fill(self):
        try:
            data = self.socket.recv(self.at_once)
        except ConnectionError as error:
            raise Closed(str(error)) from None
        if not data:
            raise Closed('end of stream')
        self.unread += data

    def take(self, size):
        while len(self.unread) < size:
            self.fill()
        taken = bytes(self.unread[:size])
        del self.unread[:size]
        return taken

    def head(self):
        """The status and the words of an HTTP answer, without its body."""
        while END not in self.unread:
            self.fill()
        head = self.take(self.unread.index(END) + len(END))
        return int(head.split()[1]), head

    def frame(self):
        """The next frame; nothing is taken when it is not whole."""
        while True:
            parsed = parse_frame(self.unread)
            if parsed is None or parsed[2] > len(self.unread):
                self.fill()
                continue
            opcode, start, end = parsed
            payload = bytes(self.unread[start:end])
            del self.unread[:end]
            return opcode, payload

    def text(self, kind):
        """The next text message of this type; what is between is skipped."""
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                raise Closed(f'closed with {close_code(payload)}')
            if opcode == TEXT:
                fields = json.loads(payload)
                if fields['type'] == kind:
                    return fields

    def answer(self):
        """Type, sequence and image of the next answer to a frame."""
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                raise Closed(f'closed with {close_code(payload)}')
            if opcode == BINARY:
                _, kind, _, sequence, *_ = HEADER.unpack_from(payload)
                return kind, sequence, payload[HEADER.size:]

    def ending(self):
        """Reads to the end of TCP. The code of the close frame; or in words
        what came instead of one."""
        code = 'no close frame'
        try:
            while True:
                opcode, payload = self.frame()
                if opcode == CLOSE:
                    code = close_code(payload)
        except Closed as closed:
            if code == 'no close frame' and str(closed) != 'end of stream':
                return str(closed)
            return code
        except socket.timeout:
            return f'{code}, and not closed'

    def is_over(self, patience):
        """Whether TCP is closed within that time, whatever comes until
        then."""
        deadline = time.monotonic() + patience
        try:
            while time.monotonic() < deadline:
                self.socket.settimeout(max(0.001,
                                           deadline - time.monotonic()))
                self.unread.clear()
                self.fill()
        except Closed:
            return True
        except socket.timeout:
            pass
        return False

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack('ii', 1, 0))
        self.socket.close()


def parse_frame(data):
    """Opcode, start and end of the payload of the frame that `data` begins
    with; None when that can't be told yet."""
    if len(data) < 2:
        return None
    length, start = data[1] & 0x7f, 2
    if length >= 126:
        start = 4 if length == 126 else 10
        if len(data) < start:
            return None
        length = int.from_bytes(data[2:start], 'big')
    return data[0] & 0xf, start, start + length


def close_code(payload):
    return struct.unpack_from('>H', payload)[0] if payload else 1005


def join(port, session='victim', init=True, limit=5, **options):
    """A connection whose session is ready. The client before may not be gone
    yet: that is what 503 says, and then it asks again."""
    deadline = time.monotonic() + limit
    while True:
        wire = Wire(port, **options)
        try:
            wire.send(upgrade(port, session))
            status, head = wire.head()
        except Closed:
            status, head = 0, b'closed'
        if status == 101:
            break
        wire.socket.close()
        if status not in (0, 503) or time.monotonic() > deadline:
            raise AssertionError(f'not let in: {head.decode()}')
        time.sleep(0.002)
    assert ACCEPT in head, head
    if init:
        wire.send(ws_frame(TEXT, INIT))
        wire.text('session_ready')
    return wire


def push(wire, data, limit):
    """Sends `data` again and again until the connection breaks, or `limit`
    bytes, or SECONDS, are over. Tells the bytes that were taken, and whether
    it broke."""
    sent, start = 0, time.monotonic()
    wire.socket.setblocking(False)
    position = 0
    try:
        while sent < limit and time.monotonic() - start < SECONDS:
            if not select.select([], [wire.socket], [], 0.1)[1]:
                continue
            count = wire.socket.send(data[position:position + (1 << 16)])
            sent += count
            position = (position + count) % len(data)
    except BROKEN:
        return sent, True
    finally:
        wire.socket.setblocking(True)
    return sent, False


def main(attacks):
    """What an attack's file ends with; `attacks` are its functions by name."""
    name, port, *options = sys.argv[1:]
    say(result=attacks[name](int(port),
                             **json.loads(''.join(options) or '{}')))
