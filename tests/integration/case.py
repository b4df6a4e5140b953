# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the integration tests have in common."""

import asyncio
import functools
import os
import pathlib
import shutil
import ssl
import statistics
import sys
import unittest

import gstprocess
import peer
import pictures

# A colour effect nobody can overlook: the hue turns by a quarter.
TINT = 'tryonwebpdec ! videobalance hue=0.5 ! tryonwebpenc'
# Degrees of hue: less is unchanged, more is tinted.
UNCHANGED, CHANGED = 10, 45


def bounded(seconds):
    """Ends a test that takes longer, with its clean-up done."""
    def decorate(test):
        @functools.wraps(test)
        async def run(self):
            try:
                await asyncio.wait_for(test(self), seconds)
            except asyncio.TimeoutError:
                self.fail(f'took longer than {seconds} s')
        return run
    return decorate


def progress(text):
    print(text, flush=True)


def certificate():
    """The path of the test's certificate, for localhost, with its key."""
    return pathlib.Path(os.environ['TRYON_TEST_DATA']) / 'tls/localhost.pem'


def trusting():
    """What a client needs that trusts that certificate, and no other."""
    return ssl.create_default_context(cafile=str(certificate()))


def main(program):
    """Runs a module's tests, which need a program: skips them without it."""
    if shutil.which(program) is None:
        progress(f'SKIPPED: {program} is not there; `tools/setup test` installs it')
        sys.exit(77)
    unittest.main()


class IntegrationCase(unittest.IsolatedAsyncioTestCase):
    maxDiff = None

    async def asyncSetUp(self):
        # unittest asks for it; it is slow, and warns of what takes time here.
        asyncio.get_running_loop().set_debug(False)

    async def host(self, name, line):
        """A pipeline that can be asked; at the end it must go in peace."""
        host = await gstprocess.Host.start(name, line)
        self.addAsyncCleanup(self._stop, host)
        return host

    async def launch(self, name, line):
        """gst-launch-1.0, the same way."""
        process = await gstprocess.Launch.start(name, line)
        self.addAsyncCleanup(self._stop, process)
        return process

    async def _stop(self, process):
        faults = await process.stop()
        if faults:
            self.fail('\n'.join(faults))

    async def connect(self, port, **options):
        """A peer without a conversation yet."""
        client = await peer.Peer.connect(port, **options)
        self.addAsyncCleanup(client.close)
        return client

    async def join(self, port, **options):
        """A peer whose session is ready."""
        client = await self.connect(port, **options)
        await client.init_session()
        return client

    def make_pictures(self, count, *args, **options):
        made, source = pictures.make_pictures(count, *args, **options)
        size = statistics.mean(len(picture.data) for picture in made)
        if count > 1:
            progress(f'{count} pictures: {source}; '
                     f'{size / 1000:.0f} kB each')
        return made

    async def poll(self, condition, what, limit=5):
        """Waits for what nobody tells of."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        while not condition():
            self.assertLess(loop.time(), deadline,
                            f'no {what} within {limit} s')
            await asyncio.sleep(0.02)

    def assert_clean(self, client):
        """Every frame has its answer and no rule was broken."""
        progress(client.summary())
        self.assertEqual(client.faults, [])
        self.assertEqual(client.outstanding, 0, 'frames without an answer')

    def assert_images(self, frames, tinted, encoding='WEBP'):
        """That these answers hold the pictures that were sent: with the
        effect on them and said to be so, or with none. Returns the turns."""
        turns = []
        for frame in frames:
            answer = frame.answer
            where = f'image {answer.sequence}'
            sight = pictures.Sight(frame.picture, answer.payload, encoding)
            self.assertEqual(sight.faults, [], where)
            self.assertTrue(answer.is_processed, f'{where} is flagged')
            if tinted:
                self.assertGreater(abs(sight.turn), CHANGED, where)
            else:
                self.assertLess(abs(sight.turn), UNCHANGED, where)
            turns.append(sight.turn)
        return turns

    def assert_account(self, stats):
        """received = processed + dropped + outstanding."""
        self.assertEqual(
            stats['frames-received'],
            stats['frames-processed'] + stats['frames-dropped']
            + stats['frames-outstanding'], stats)
        self.assertEqual(
            stats['frames-dropped'],
            sum(count for reason, count in stats['dropped-by-reason'].items()
                if reason != 'name'), stats)

    async def assert_served(self, client, picture, tinted=False):
        """The stream goes on: a good frame gets its image."""
        frame = await client.send_frame(picture)
        await client.answer_of(frame)
        self.assert_images([frame], tinted)
