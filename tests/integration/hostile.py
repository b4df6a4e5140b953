# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of hostile peers have in common: one process that serves two
sessions at one port, a healthy client at the one, an attacker at the other.

The healthy client streams at 30 frames a second for as long as the attack
lasts, and 2 seconds at least. It must not notice: see `Healthy.judge`.

A machine with other work to do disturbs it as well. Where the healthy client
was not served as it should be, a test begins again, three times in all: what
is wrong with the server is wrong every time. Nothing else is excused.

Memory is the process's resident set at its largest since a mark, by the
kernel's account. Beside the healthy client alone it stays within 30 kB."""

import asyncio
import contextlib
import functools
import itertools
import json
import os
import pathlib
import sys
import time

import case
import gstprocess
import websockets

FOLDER = pathlib.Path(__file__).parent
SECONDS = 2
FPS = 30
# What a machine that does other things beside may cost the healthy client: a
# frame in 50 that is overtaken in the server, one in 50 that has to wait for
# credit or is not sent for want of it, one in 20 that takes longer. None may
# be unanswered, wrong or out of order.
MAX_DROPPED = 0.02
MAX_LATE = 0.02
MAX_P95 = 0.1
ATTEMPTS = 3


class Disturbed(AssertionError):
    """The healthy client was not served as it should be."""


def bounded(seconds):
    """Ends an attempt that takes longer, and begins another one as said
    above."""
    def decorate(test):
        @functools.wraps(test)
        async def run(self):
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    await self.run_attempt(test, seconds)
                except Disturbed as disturbed:
                    case.progress(f'attempt {attempt}: {disturbed}')
                    if attempt == ATTEMPTS:
                        raise
                else:
                    return
        return run
    return decorate


class Process:
    """What the kernel says of one: bytes and file descriptors."""

    def __init__(self, pid):
        self.folder = pathlib.Path(f'/proc/{pid}')
        # What it keeps of freed memory has nothing to do with what is used.
        self.is_sanitized = 'libasan' in (self.folder / 'maps').read_text()
        self._base = 0

    def _status(self, field):
        for line in (self.folder / 'status').read_text().splitlines():
            if line.startswith(field + ':'):
                return int(line.split()[1]) * 1024
        raise AssertionError(f'no {field} in {self.folder}/status')

    def mark(self):
        """The memory used now is what growth() is counted from."""
        # The peak is set back to what is used now.
        (self.folder / 'clear_refs').write_text('5')
        self._base = self._status('VmRSS')

    def growth(self):
        """By how much it was larger than at mark() at the most."""
        return self._status('VmHWM') - self._base

    def growth_left(self):
        """By how much it is larger now."""
        return self._status('VmRSS') - self._base

    def open_files(self):
        return len(list((self.folder / 'fd').iterdir()))

    def threads(self):
        return self._status('Threads') // 1024


class Attack(gstprocess.GstProcess):
    """One of the attacks, and what it tells."""

    @classmethod
    async def start(cls, file, name, port, **options):
        return await cls.run(f'attack {name}', sys.executable,
                             str(FOLDER / file), name, str(port),
                             json.dumps(options))

    def take_line(self, line):
        self.messages.append(json.loads(line))

    async def reach(self, place, limit=10):
        """Waits until it is at this place; it goes on at go()."""
        def found():
            return [message for message in self.messages
                    if message.get('at') == place]
        await self.wait_until(found, place, limit)
        return found()[0]

    def go(self):
        self.process.stdin.write(b'\n')

    async def result(self, limit=20):
        code = await self.wait_exit(limit)
        if code != 0:
            raise AssertionError(self.say_why())
        return self.messages[-1]['result']

    async def stop(self):
        if self.process.returncode is None:
            await self.kill()
        return []


class Healthy:
    """A client that streams, and what became of its frames."""

    def __init__(self, client, made):
        self.client = client
        self.made = made
        self.late = self.missed = 0
        self._is_enough = False
        self._task = asyncio.create_task(self._stream())

    async def _stream(self):
        due = time.monotonic()
        for picture in itertools.cycle(self.made):
            await asyncio.sleep(max(0, due - time.monotonic()))
            # This process did not run in time: a camera's frames are lost
            # then, they do not come in a burst.
            missed = int((time.monotonic() - due) * FPS)
            self.missed += missed
            due += missed / FPS
            if not self._has_credit():
                await self.client.wait_until(self._has_credit, 'credit', 10)
                late = int((time.monotonic() - due) * FPS)
                self.late += 1 + late
                due += late / FPS
            if self._is_enough:
                return
            await self.client.send_frame(picture)
            due += 1 / FPS

    def _has_credit(self):
        return (self.client.outstanding
                < self.client.config['max_in_flight'])

    async def warm_up(self):
        await self.client.wait_until(
            lambda: len(self.client.images) >= FPS // 4,
            'images of the healthy client')
        self.begin()

    def begin(self):
        """From here on it counts."""
        self.start = len(self.client.frames)
        self.late = self.missed = 0
        self.began = time.monotonic()

    async def end(self):
        """No frame more; all must be answered."""
        await asyncio.sleep(max(0, self.began + SECONDS - time.monotonic()))
        self._is_enough = True
        await asyncio.wait_for(self._task, 10)
        await self.client.all_answered()
        self.seconds = time.monotonic() - self.began

    def cancel(self):
        self._task.cancel()

    def judge(self, test, max_p50):
        frames = self.client.frames[self.start:]
        images = [frame for frame in frames if frame.answer.is_image]
        dropped = len(frames) - len(images)
        trips = sorted(frame.round_trip for frame in images)
        p50, p95, most = (trips[int((len(trips) - 1) * part)]
                          for part in (0.5, 0.95, 1))
        case.progress(
            f'healthy client: {len(frames)} frames in {self.seconds:.1f} s, '
            f'{len(images)} images, {dropped} dropped, {self.late} late, '
            f'{self.missed} missed by the test itself; round trip p50 '
            f'{p50 * 1000:.1f}, p95 {p95 * 1000:.1f}, most '
            f'{most * 1000:.1f} ms')
        test.assertEqual(self.client.faults, [])
        test.assertEqual(self.client.errors(), [])
        for frame in images:
            test.assertEqual(frame.answer.payload, frame.picture.data)
        test.assertGreaterEqual(self.seconds, SECONDS)
        wanted = FPS * self.seconds
        for is_bad, what in (
                (len(frames) < 0.9 * wanted, f'{len(frames)} frames, not '
                 f'{wanted:.0f}'),
                (dropped > MAX_DROPPED * wanted, f'{dropped} dropped'),
                (self.late > MAX_LATE * wanted, f'{self.late} late'),
                (p50 > max_p50, f'p50 {p50 * 1000:.1f} ms'),
                (p95 > MAX_P95, f'p95 {p95 * 1000:.1f} ms')):
            if is_bad:
                raise Disturbed(f'the healthy client was disturbed: {what}')


class HostileCase(case.IntegrationCase):
    # The file that this class's attacks are in.
    attacks = None
    _attempt = None

    async def run_attempt(self, test, seconds):
        async def attempt():
            async with contextlib.AsyncExitStack() as self._attempt:
                await test(self)
        await case.bounded(seconds)(lambda _: attempt())(self)

    def addAsyncCleanup(self, function, /, *args, **kwargs):
        """What an attempt leaves is cleared away behind it."""
        self._attempt.push_async_callback(function, *args, **kwargs)

    def addCleanup(self, function, /, *args, **kwargs):
        self._attempt.callback(function, *args, **kwargs)

    async def serve(self, both='', victim='', more=''):
        """Options of both elements, of the victim alone, and more pipeline;
        PORT stands for the port in it."""
        # meson has malloc fill all memory, which makes it memory in use.
        os.environ.pop('MALLOC_PERTURB_', None)
        self.port = gstprocess.free_port()
        line = (f'tryonwssrc name=src port=PORT session-id=healthy {both} ! '
                'tryonwssink  tryonwssrc name=victim port=PORT '
                f'session-id=victim {both} {victim} ! '
                f'tryonwssink name=answers  {more}')
        self.server = await self.host('server',
                                      line.replace('PORT', str(self.port)))
        self.process = Process(self.server.process.pid)
        # Enough to tell one from another; each takes its time to be made.
        made = self.make_pictures(3)
        self.good = made[0]
        client = await self.join(self.port, session='healthy')
        self.healthy = Healthy(client, made)
        self.addCleanup(self.healthy.cancel)
        # All of what serving takes is loaded once.
        await self.expect_victim_served()
        await self.healthy.warm_up()
        self.files = self.process.open_files()
        self.process.mark()

    async def attack(self, name, **options):
        attack = await Attack.start(self.attacks, name, self.port,
                                    **options)
        self.addAsyncCleanup(attack.stop)
        return attack

    async def run_attack(self, name, limit=20, **options):
        attack = await self.attack(name, **options)
        result = await attack.result(limit)
        case.progress(f'{name}: {result}')
        return result

    async def join_victim(self, limit=3):
        """The place may not be free yet: the one before is being closed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        while True:
            try:
                return await self.join(self.port, session='victim')
            except websockets.InvalidStatusCode as refusal:
                self.assertEqual(refusal.status_code, 503)
                self.assertLess(loop.time(), deadline, 'still busy')
                await asyncio.sleep(0.01)

    async def expect_victim_served(self, limit=3):
        """Whatever was done to its session, the next client is served."""
        client = await self.join_victim(limit)
        await self.assert_served(client, self.good)
        self.assertEqual(client.faults, [])
        await client.close()

    def expect_bounded(self, limit, what='memory'):
        """That the process held less than `limit` bytes more than before."""
        self._expect_less(self.process.growth(), limit,
                          f'{what}, most of it at a time')

    def expect_returned(self, limit):
        """That it holds less than `limit` bytes more than before."""
        self._expect_less(self.process.growth_left(), limit,
                          'memory, in the end')

    def _expect_less(self, growth, limit, what):
        words = f'{what}: {growth / 1000:.0f} kB more than before'
        if self.process.is_sanitized:
            case.progress(f'{words}; not judged under AddressSanitizer')
            return
        case.progress(f'{words}, {limit / 1000:.0f} kB are allowed')
        self.assertLess(growth, limit, what)

    async def expect_files_closed(self):
        """That no file is open that was not before."""
        await self.poll(lambda: self.process.open_files() <= self.files,
                        f'return to {self.files} open files')

    async def expect_unharmed(self, max_p50=MAX_P95):
        """How each test ends. Instrumented code has no time to hold."""
        await self.expect_victim_served()
        await self.healthy.end()
        self.healthy.judge(
            self, MAX_P95 if self.process.is_sanitized else max_p50)
        await self.expect_files_closed()
        self.assert_account(await self.server.session_stats())

    async def wait_removed(self, count, limit):
        """Until the victim's session has lost so many clients."""
        def removed():
            return [fields for fields in
                    self.server.elements_messages('tryon-session-removed')
                    if fields['session-id'] == 'victim']
        start = time.monotonic()
        await self.server.wait_until(lambda: len(removed()) >= count,
                                     'end of the session', limit)
        return time.monotonic() - start
