# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer pipelines as processes of their own.

`Launch` is gst-launch-1.0, as a person runs it. `Host` is the test program
host.c, which also tells what properties say while the pipeline runs. Both are
killed at the end whatever happens, and a critical warning of GLib ends them.
"""

import asyncio
import collections
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import time


def free_port():
    """A port that nobody has now: for those that must be known beforehand.
    Where it need not be, port=0 and Host.port() are without a race."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def launch_file(name, **values):
    """The text of a pipelines/*.launch file, as tools/launch makes it."""
    path = pathlib.Path(os.environ['TRYON_PIPELINES']) / f'{name}.launch'
    lines = [line for line in path.read_text().splitlines()
             if not line.lstrip().startswith('#')]

    def value(place):
        return str(values.pop(place[1], place[2]))
    text = re.sub(r'\$\{([a-z-]+):-((?:[^{}]|\{[^{}]*\})*)\}', value,
                  ' '.join(lines))
    assert not values, f'{path} has no place for {list(values)}'
    return text


async def wait_accepting(port, limit=10):
    """Until someone listens at the port."""
    deadline = time.monotonic() + limit
    while True:
        try:
            _, writer = await asyncio.open_connection('127.0.0.1', port)
        except OSError:
            if time.monotonic() > deadline:
                raise AssertionError(f'nobody listens at port {port} after '
                                     f'{limit} s') from None
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


class GstProcess:
    """A process whose output is read line by line as it comes."""

    # Seconds to end by itself when asked.
    patience = 5
    debug = '1,tryon*:3'
    tracers = ''

    def __init__(self, name, process):
        self.name = name
        self.process = process
        self.messages = []
        self.leaks = []
        self.killed = False
        self._errors = collections.deque(maxlen=30)
        self._news = asyncio.Event()
        self._readers = [
            asyncio.create_task(self._read(process.stdout, self.take_line)),
            asyncio.create_task(self._read(process.stderr, self.take_error))]

    @classmethod
    async def run(cls, name, *command):
        environment = {**os.environ, 'G_DEBUG': 'fatal-criticals',
                       'GST_DEBUG': cls.debug, 'GST_DEBUG_NO_COLOR': '1',
                       'GST_TRACERS': cls.tracers}
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, limit=1 << 20,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE)
        return cls(name, process)

    async def _read(self, stream, take):
        async for line in stream:
            take(line.decode(errors='replace').rstrip('\n'))
            self._news.set()
        self._news.set()

    def take_line(self, line):
        raise NotImplementedError

    def take_error(self, line):
        if 'GST_TRACER' not in line:
            self._errors.append(line)
        elif ' object-alive, ' in line and '%s' not in line:
            self.leaks.append(line.split(' object-alive, ')[1])

    def say_why(self):
        tail = '\n    '.join(self._errors)
        faults = [message for message in self.messages
                  if message.get('message') in ('error', 'warning')]
        return (f'{self.name}: exit code {self.process.returncode}, '
                f'messages {faults[-3:]}, its last words:\n    {tail}')

    async def wait_until(self, condition, what, limit=5):
        async def wait():
            while not condition():
                if all(reader.done() for reader in self._readers):
                    raise AssertionError(f'{self.name} ended before {what}; '
                                         f'{self.say_why()}')
                self._news.clear()
                await self._news.wait()
        try:
            await asyncio.wait_for(wait(), limit)
        except asyncio.TimeoutError:
            raise AssertionError(f'{self.name}: no {what} within {limit} s; '
                                 f'{self.say_why()}') from None

    def elements_messages(self, name):
        """The structures of all element messages of this name."""
        return [message['structure'] for message in self.messages
                if message.get('structure', {}).get('name') == name]

    async def wait_exit(self, limit):
        """The exit code of a process that ends by itself."""
        try:
            code = await asyncio.wait_for(self.process.wait(), limit)
        except asyncio.TimeoutError:
            raise AssertionError(f'{self.name} still runs after {limit} s; '
                                 f'{self.say_why()}') from None
        await asyncio.gather(*self._readers)
        return code

    def ask_to_end(self):
        self.process.send_signal(signal.SIGINT)

    async def kill(self):
        """As the kernel does when memory is short."""
        self.killed = True
        if self.process.returncode is None:
            self.process.kill()
        await self.wait_exit(5)

    async def stop(self):
        """Ends it, by force if it must be. What went wrong in it, as words."""
        if self.killed:
            return []
        faults = [f'{self.name}: {message["text"]} ({message["debug"]})'
                  for message in self.messages
                  if message.get('message') == 'error']
        try:
            if self.process.returncode is None:
                self.ask_to_end()
            code = await self.wait_exit(self.patience)
        except AssertionError as error:
            await self.kill()
            return faults + [f'had to be killed: {error}']
        if code != 0:
            faults.append(self.say_why())
        return faults + [f'{self.name}: leaked: {leak}' for leak in self.leaks]


class Host(GstProcess):
    """The test program: a pipeline that can be asked."""

    # At its end it says what of GStreamer's is still alive.
    debug = GstProcess.debug + ',GST_TRACER:7'
    tracers = 'leaks'

    def __init__(self, name, process):
        super().__init__(name, process)
        self._replies = collections.deque()
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, name, line, limit=15):
        host = await cls.run(name, os.environ['TRYON_HOST'],
                             *shlex.split(line))
        try:
            await host.wait_until(host._is_up, 'playing', limit)
        except AssertionError:
            await host.kill()
            raise
        return host

    def _is_up(self):
        return any('state' in message for message in self.messages)

    def is_over(self):
        """Whether the stream has ended."""
        return any(message.get('message') == 'eos'
                   for message in self.messages)

    def take_line(self, line):
        message = json.loads(line)
        if 'reply' in message or ('failed' in message and self._is_up()):
            self._replies.append(message)
        else:
            self.messages.append(message)

    async def ask(self, command, limit=5):
        async with self._turn:
            self.process.stdin.write(command.encode() + b'\n')
            await self.process.stdin.drain()
            await self.wait_until(lambda: self._replies,
                                  f'reply to "{command}"', limit)
            reply = self._replies.popleft()
        if 'failed' in reply:
            raise AssertionError(f'{self.name}: {command}: {reply["failed"]}')
        return reply['reply']

    async def get(self, element, name):
        return await self.ask(f'get {element} {name}')

    async def port(self, element='src'):
        return await self.get(element, 'current-port')

    async def session_stats(self, element='src'):
        """The account of the session that tryonwssrc serves now."""
        stats = await self.get(element, 'stats')
        if 'session' not in stats:
            raise AssertionError(f'{self.name} serves no session: {stats}')
        return stats['session']

    def ask_to_end(self):
        self.process.stdin.write(b'quit\n')


class Launch(GstProcess):
    """gst-launch-1.0 -m: its bus messages are read from what it prints."""

    MESSAGE = re.compile(r'Got message #\d+ from \S+ "([^"]*)" \(([^)]*)\): '
                         r'([^,;]+)(.*)')
    # Fields of plain types; what is nested is left alone.
    FIELD = re.compile(r'([\w-]+)=\((\w+)\)("[^"]*"|[^,;\s]+)')

    @classmethod
    async def start(cls, name, line):
        return await cls.run(name, 'gst-launch-1.0', '-m', '-e',
                             *shlex.split(line))

    def take_line(self, line):
        match = self.MESSAGE.match(line)
        if match is None:
            return
        source, kind, name, rest = match.groups()
        message = {'message': kind, 'source': source}
        if kind == 'element':
            message['structure'] = {'name': name, **{
                field: self._value(type_name, text)
                for field, type_name, text in self.FIELD.findall(rest)}}
        elif kind in ('error', 'warning'):
            message.update(text=rest, debug='')
        self.messages.append(message)

    @staticmethod
    def _value(type_name, text):
        if type_name in ('double', 'gdouble', 'float'):
            return float(text)
        if type_name in ('int', 'uint', 'gint', 'guint', 'int64', 'uint64',
                         'gint64', 'guint64'):
            return int(text)
        return text.strip('"')
