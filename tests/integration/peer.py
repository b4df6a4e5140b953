# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of the protocol, written from docs/protocol.md alone.

It shares no code with the project. It packs and reads the messages by itself,
judges everything that comes back by the rules of the document, and collects
what breaks them in `faults`: a test ends with a look at that list.
"""

import asyncio
import collections
import json
import socket
import struct
import time

import websockets

SUBPROTOCOL = 'tryon.v1'
TOKEN_PREFIX = 'tryon.token.'
# version, type, flags, sequence, timestamp, latency, AI latency, payload
# length, reserved
HEADER = struct.Struct('>BBHIQIIII')
VERSION = 1
FRAME, PROCESSED_FRAME, FRAME_DROPPED = 1, 2, 3
NOT_PROCESSED = 1 << 0
REASONS = {1: 'rate', 2: 'superseded', 3: 'invalid', 4: 'too-large',
           5: 'ai-timeout', 6: 'ai-down', 7: 'slow-client', 8: 'paused'}
ERROR_CODES = {'INVALID_FRAME', 'FRAME_TOO_LARGE', 'RATE_LIMITED',
               'AI_SERVICE_UNAVAILABLE', 'AI_TIMEOUT', 'SESSION_EXPIRED',
               'UNAUTHORIZED', 'SESSION_LIMIT', 'BAD_MESSAGE', 'INTERNAL'}
FIRST_CREDITS = 4
NUMBER = (int, float)
CONFIG_FIELDS = {'target_fps': NUMBER, 'max_resolution': dict,
                 'max_in_flight': int, 'formats': list}
STATS_TIMES = ('avg_latency_ms', 'p50', 'p95', 'p99')
# What the server may say, with the fields that must be there.
MESSAGE_FIELDS = {
    'session_ready': {'session_id': str, 'config': dict},
    'config': CONFIG_FIELDS,
    'stats': {'fps': NUMBER, 'frames_processed': int, 'frames_dropped': int},
    'error': {'code': str, 'message': str, 'recoverable': bool},
    'frame_saved': {},
    'pong': {'t0': NUMBER, 't1': NUMBER, 't2': NUMBER},
    'bye': {'reason': str, 'reconnect': bool},
}


def pack_header(payload_length, sequence, timestamp=0, version=VERSION,
                kind=FRAME, flags=0):
    return HEADER.pack(version, kind, flags, sequence, timestamp, 0, 0,
                       payload_length, 0)


def path_of(session):
    return f'/ws/try-on/{session}/'


async def try_upgrade(port, path, method='GET', headers=None, tls=None):
    """Asks for the WebSocket by hand, to see what a refusal says: status,
    headers and body. `headers` replace those of a good request, or with None
    take them away. With an SSL context it is `localhost` that is asked."""
    name = 'localhost' if tls else '127.0.0.1'
    fields = {'Host': f'{name}:{port}', 'Connection': 'Upgrade',
              'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13',
              'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
              'Sec-WebSocket-Protocol': SUBPROTOCOL, **(headers or {})}
    lines = [f'{method} {path} HTTP/1.1',
             *(f'{name}: {value}' for name, value in fields.items() if value),
             '', '']
    reader, writer = await asyncio.open_connection(
        '127.0.0.1', port, ssl=tls, server_hostname=name if tls else None)
    writer.write('\r\n'.join(lines).encode())
    try:
        head = await asyncio.wait_for(reader.readuntil(b'\r\n\r\n'), 5)
        status, *lines = head.decode().strip().split('\r\n')
        answer = dict(line.split(': ', 1) for line in lines)
        answer = {name.lower(): value for name, value in answer.items()}
        body = await asyncio.wait_for(
            reader.readexactly(int(answer.get('content-length', 0))), 5)
        return int(status.split()[1]), answer, body
    finally:
        writer.close()


class Answer:
    def __init__(self, fields, payload, received_at):
        (self.version, self.type, self.flags, self.sequence, self.timestamp,
         self.latency, self.ai_latency, self.payload_length,
         self.reserved) = fields
        self.payload = payload
        self.received_at = received_at

    @property
    def is_image(self):
        return self.type == PROCESSED_FRAME

    @property
    def is_processed(self):
        """An image with the effect on it."""
        return self.is_image and not self.flags & NOT_PROCESSED

    @property
    def reason(self):
        """Why the frame was dropped; None when it was not."""
        if self.is_image:
            return None
        return REASONS.get(self.flags & 0xff, f'unknown {self.flags:#x}')


class Frame:
    """A frame that was sent; its answer, as soon as there is one."""

    def __init__(self, sequence, timestamp, picture, sent_at):
        self.sequence = sequence
        self.timestamp = timestamp
        self.picture = picture
        self.sent_at = sent_at
        self.answer = None

    @property
    def round_trip(self):
        return self.answer.received_at - self.sent_at


class Peer:
    """One connection. `async with Peer.connect(port) as peer: ...`"""

    def __init__(self, websocket, session, first_sequence):
        self.websocket = websocket
        self.session = session
        self.frames = []
        self.messages = []
        self.faults = []
        self.config = {'max_in_flight': FIRST_CREDITS}
        self.late = 0
        self.close_code = None
        self._next_sequence = first_sequence
        self._waiting = collections.deque()
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, port, session='demo', token=None, in_browser=False,
                      origin=None, first_sequence=0, limit=5, tls=None):
        """Connects, and shows the token as a browser must, or in a header.
        It offers to compress, which the server is not to take up. With an SSL
        context it is wss, to `localhost`."""
        headers, subprotocols = {}, [SUBPROTOCOL]
        if token and in_browser:
            subprotocols.append(TOKEN_PREFIX + token)
        elif token:
            headers['Authorization'] = f'Bearer {token}'
        base, options = f'ws://127.0.0.1:{port}', {}
        if tls:
            base = f'wss://localhost:{port}'
            # Whatever else the name may stand for on this machine.
            options = {'ssl': tls, 'host': '127.0.0.1',
                       'server_hostname': 'localhost'}
        websocket = await asyncio.wait_for(websockets.connect(
            base + path_of(session),
            subprotocols=subprotocols, extra_headers=headers, origin=origin,
            max_size=16 << 20, max_queue=None, ping_interval=None,
            close_timeout=2, **options), limit)
        peer = cls(websocket, session, first_sequence)
        if websocket.subprotocol != SUBPROTOCOL:
            peer.faults.append(f'subprotocol {websocket.subprotocol}')
        if websocket.extensions:
            peer.faults.append(f'extensions {websocket.extensions}')
        return peer

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.close()

    # ---- what was sent and answered

    @property
    def outstanding(self):
        return len(self._waiting)

    @property
    def answers(self):
        return [frame.answer for frame in self.frames if frame.answer]

    @property
    def images(self):
        return [frame for frame in self.frames
                if frame.answer and frame.answer.is_image]

    @property
    def reasons(self):
        """How many frames were dropped for which reason."""
        return collections.Counter(answer.reason for answer in self.answers
                                   if not answer.is_image)

    @property
    def is_closed(self):
        return self._reader.done()

    def errors(self, code=None):
        return [message for message in self.messages
                if message['type'] == 'error'
                and code in (None, message['code'])]

    def round_trips(self):
        return sorted(frame.round_trip for frame in self.images)

    def summary(self):
        text = (f'{len(self.frames)} sent, {len(self.images)} images, '
                f'{sum(self.reasons.values())} dropped '
                f'{dict(self.reasons)}, {self.outstanding} outstanding')
        trips = self.round_trips()
        if trips:
            p50, p95 = (trips[int((len(trips) - 1) * p)] * 1000
                        for p in (0.5, 0.95))
            text += f'; round trip p50 {p50:.1f} ms, p95 {p95:.1f} ms'
        return text

    # ---- sending

    async def send_message(self, kind, **fields):
        await self.websocket.send(json.dumps({'type': kind, **fields}))

    async def init_session(self, limit=5, **fields):
        await self.send_message('init_session', **fields)
        return await self.expect('session_ready', limit)

    async def send_raw(self, data):
        """Any bytes or text, without an account."""
        await self.websocket.send(data)

    async def send_frame(self, picture, data=None, timestamp=None,
                         payload_length=None):
        """Sends a picture; or in its name other `data`, or a payload length
        that lies."""
        data = picture.data if data is None else data
        if timestamp is None:
            timestamp = time.time_ns() // 1000
        if payload_length is None:
            payload_length = len(data)
        header = pack_header(payload_length, self._next_sequence, timestamp)
        self._next_sequence = (self._next_sequence + 1) & 0xffffffff
        return await self.send_packed(header + data, picture)

    async def send_packed(self, message, picture=None):
        """Sends a whole binary message that is a frame, so that its answer is
        waited for."""
        _, _, _, sequence, timestamp, *_ = HEADER.unpack_from(message)
        frame = Frame(sequence, timestamp, picture, time.monotonic())
        self.frames.append(frame)
        self._waiting.append(frame)
        await self.websocket.send(message)
        return frame

    async def stream(self, pictures, count, fps=30, window=None, limit=10):
        """Sends `count` frames at `fps`, each at its absolute due time,
        later (and counted so) only when no credit is left. With a `window` it
        holds fewer frames unanswered than it may: with 1, whatever may be
        dropped for being overtaken cannot be. Returns the seconds."""
        start = time.monotonic()
        for i in range(count):
            due = start + i / fps
            await asyncio.sleep(max(0, due - time.monotonic()))
            if not self._has_credit(window):
                self.late += 1
                await self.wait_until(lambda: self._has_credit(window),
                                      'credit', limit)
            await self.send_frame(pictures[i % len(pictures)])
        return time.monotonic() - start

    def _has_credit(self, window):
        return self.outstanding < min(self.config['max_in_flight'],
                                      window or self.outstanding + 1)

    # ---- waiting

    async def wait_until(self, condition, what, limit=5):
        async def wait():
            while not condition():
                if self.faults:
                    raise AssertionError(f'the server broke the rules: '
                                         f'{self.faults[:3]}')
                if self.is_closed:
                    raise AssertionError(f'closed ({self.close_code}) while '
                                         f'waiting for {what}')
                self._news.clear()
                await self._news.wait()
        try:
            await asyncio.wait_for(wait(), limit)
        except asyncio.TimeoutError:
            raise AssertionError(f'no {what} within {limit} s; '
                                 f'{self.summary()}; texts: '
                                 f'{self.messages[-3:]}') from None

    async def expect(self, kind, limit=5, after=0):
        """The first message of this type, from the `after`th message on."""
        def found():
            return [message for message in self.messages[after:]
                    if message['type'] == kind]
        await self.wait_until(found, f'message {kind}', limit)
        return found()[0]

    async def all_answered(self, limit=10):
        await self.wait_until(lambda: not self.outstanding,
                              'answer to every frame', limit)

    async def answer_of(self, frame, limit=5):
        await self.wait_until(lambda: frame.answer,
                              f'answer to frame {frame.sequence}', limit)
        return frame.answer

    # ---- the end

    async def close(self):
        if not self.is_closed:
            await self.websocket.close()
        await asyncio.wait_for(self._reader, 5)

    async def reset(self):
        """Leaves as a killed process with unread data does: TCP reset."""
        transport = self.websocket.transport
        transport.get_extra_info('socket').setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        transport.abort()
        await asyncio.wait_for(self._reader, 5)

    # ---- receiving

    async def _read(self):
        try:
            async for message in self.websocket:
                if isinstance(message, bytes):
                    self._take_binary(message, time.monotonic())
                else:
                    self._take_text(message)
                self._news.set()
        except websockets.ConnectionClosed:
            pass
        except Exception as error:
            self.faults.append(f'the peer itself failed: {error!r}')
        self.close_code = self.websocket.close_code
        self._news.set()

    def _take_binary(self, message, now):
        if len(message) < HEADER.size:
            self.faults.append(f'binary message of {len(message)} bytes')
            return
        answer = Answer(HEADER.unpack_from(message), message[HEADER.size:],
                        now)
        where = f'answer to {answer.sequence}: '
        self.faults += [where + fault for fault in header_faults(answer)]
        if not self._waiting:
            self.faults.append(where + 'no frame waits for one')
            return
        frame = self._waiting[0]
        if answer.sequence != frame.sequence:
            self.faults.append(where + f'{frame.sequence} is the next')
            return
        self._waiting.popleft()
        frame.answer = answer
        if answer.timestamp != frame.timestamp:
            self.faults.append(where + f'timestamp {answer.timestamp}, sent '
                               f'as {frame.timestamp}')
        if answer.latency > frame.round_trip * 1e6:
            self.faults.append(where + f'latency {answer.latency} us, round '
                               f'trip {frame.round_trip * 1e6:.0f} us')

    def _take_text(self, text):
        try:
            message = json.loads(text)
        except ValueError as error:
            self.faults.append(f'text that is no JSON: {error}: {text[:80]}')
            return
        if not isinstance(message, dict) or 'type' not in message:
            self.faults.append(f'text without a type: {text[:80]}')
            return
        self.faults += message_faults(message)
        self.messages.append(message)
        if message['type'] == 'session_ready':
            if message['session_id'] != self.session:
                self.faults.append(f'session {message["session_id"]}')
            self.config = message['config']
        elif message['type'] == 'config':
            self.config = message


def header_faults(answer):
    """What breaks the rules of an answer's header, by itself."""
    if answer.version != VERSION:
        yield f'version {answer.version}'
    if answer.payload_length != len(answer.payload):
        yield (f'payload length {answer.payload_length}, '
               f'{len(answer.payload)} bytes follow')
    if answer.reserved:
        yield f'reserved bytes {answer.reserved:#x}'
    if answer.ai_latency > answer.latency:
        yield f'AI latency {answer.ai_latency} of {answer.latency} us'
    if answer.type == PROCESSED_FRAME:
        if not answer.payload:
            yield 'processed_frame without an image'
        if answer.flags & ~NOT_PROCESSED:
            yield f'flags {answer.flags:#x}'
    elif answer.type == FRAME_DROPPED:
        if answer.payload:
            yield f'frame_dropped with {len(answer.payload)} bytes'
        if answer.flags not in REASONS:
            yield f'drop reason {answer.flags:#x}'
    else:
        yield f'type {answer.type}'


def field_faults(message, fields, where):
    for name, kind in fields.items():
        value = message.get(name)
        # bool is an int to Python, but not to JSON.
        if not isinstance(value, kind) or (isinstance(value, bool)
                                           and kind is not bool):
            yield f'{where}: {name} is {value!r}'


def message_faults(message):
    """What breaks the rules of a text message."""
    kind = message['type']
    if kind not in MESSAGE_FIELDS:
        return [f'unknown message {kind}']
    faults = list(field_faults(message, MESSAGE_FIELDS[kind], kind))
    if kind == 'session_ready' and not faults:
        faults += field_faults(message['config'], CONFIG_FIELDS, 'config')
    if kind == 'pong' and not faults and message['t1'] > message['t2']:
        faults.append(f'pong sent before its ping came: {message}')
    if kind == 'error' and message.get('code') not in ERROR_CODES:
        faults.append(f'error code {message.get("code")}')
    # Before the first answer there is no latency to speak of.
    if kind == 'stats' and 'p50' in message:
        faults += field_faults(message, dict.fromkeys(STATS_TIMES, NUMBER),
                               kind)
        if message.get('connection_quality') not in ('good', 'fair', 'poor'):
            faults.append(f'quality {message.get("connection_quality")}')
        if not faults and not (0 <= message['p50'] <= message['p95']
                               <= message['p99']):
            faults.append(f'percentiles of {message}')
    return faults
