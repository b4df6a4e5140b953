# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stages of a pipeline in other orders, doubled, branched and left out,
with the elements as they are."""

import pathlib
import tempfile
import unittest

import case

COUNT = 60
DISTINCT = 20
FPS = 30


def split_webp(data):
    """The images of a file in which WebP images follow each other."""
    while data:
        size = 8 + int.from_bytes(data[4:8], 'little')
        size += size & 1
        assert data[:4] == b'RIFF' and size <= len(data), data[:12]
        yield data[:size]
        data = data[size:]


class Stages(case.IntegrationCase):
    # As many at a time as is granted; small, for the rate to be the reason.
    THROTTLED = {'window': None, 'size': (320, 240)}

    async def run_frames(self, stages, window=1, size=(640, 480)):
        """Streams through `stages` between ingress and egress."""
        made = self.make_pictures(DISTINCT, size)
        host = await self.host(
            'server', f'tryonwssrc name=src port=0 ! {stages} tryonwssink')
        client = await self.join(await host.port())
        self.seconds = await client.stream(made, COUNT, FPS, window)
        await client.all_answered()
        self.assert_clean(client)
        self.assertEqual(len(client.answers), COUNT)
        stats = await host.session_stats()
        self.assert_account(stats)
        self.assertEqual(stats['frames-processed'], len(client.images))
        self.assertEqual(client.errors(), [])
        return host, client

    def check_throttled(self, client):
        """No more than half the rate came through, and what did not is said to
        be dropped for that reason. (A busy machine may drop some more.)"""
        self.assertLessEqual(len(client.images), self.seconds * FPS / 2 + 2)
        self.assertGreater(len(client.images), COUNT / 4)
        self.assertGreater(client.reasons['rate'], COUNT / 6)
        self.assert_images(client.images, tinted=True)

    @case.bounded(30)
    async def test_throttle_before_decoder(self):
        _, client = await self.run_frames(
            f'tryonthrottle max-fps={FPS // 2} ! {case.TINT} !',
            **self.THROTTLED)
        self.check_throttled(client)

    @case.bounded(30)
    async def test_throttle_after_decoder(self):
        _, client = await self.run_frames(
            f'tryonwebpdec ! tryonthrottle max-fps={FPS // 2} ! '
            'videobalance hue=0.5 ! tryonwebpenc !', **self.THROTTLED)
        self.check_throttled(client)

    @case.bounded(30)
    async def test_stats_twice(self):
        host, client = await self.run_frames(
            f'tryonstats name=first ! {case.TINT} ! tryonstats name=second !')
        self.assertEqual(len(client.images), COUNT)
        self.assert_images(client.images, tinted=True)
        first = await host.get('first', 'stats')
        second = await host.get('second', 'stats')
        case.progress(f'first: {first}')
        case.progress(f'second: {second}')
        # The codecs' time lies between the two.
        self.assertGreater(second['latency-mean'], first['latency-mean'])

    @case.bounded(30)
    async def test_tee_to_file(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / 'answers'
        _, client = await self.run_frames(
            f'{case.TINT} ! tee name=t ! queue ! '
            f'filesink location={path} buffer-mode=unbuffered async=false '
            't. ! queue !')
        self.assert_images(client.images, tinted=True)
        answers = [frame.answer.payload for frame in client.images]
        self.assertEqual(len(answers), COUNT)
        # The branches do not wait for each other.
        await self.poll(
            lambda: path.stat().st_size >= sum(map(len, answers)),
            'whole file')
        self.assertEqual(list(split_webp(path.read_bytes())), answers)

    @case.bounded(30)
    async def test_echo(self):
        _, client = await self.run_frames('')
        self.assertEqual(len(client.images), COUNT)
        for frame in client.images:
            self.assertTrue(frame.answer.is_processed)
            self.assertEqual(frame.answer.payload, frame.picture.data)


if __name__ == '__main__':
    unittest.main()
