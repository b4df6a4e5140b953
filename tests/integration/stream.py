# SPDX-License-Identifier: LGPL-2.1-or-later
"""A peer written from the document alone streams 1000 frames at 30 fps through
gateway and AI service. Every frame is answered once and in order, the account
is right at any moment, and every image is what it should be."""

import asyncio
import random
import unittest

import case

COUNT = 1000
FPS = 30
MOMENTS = 100
DISTINCT = 60
SEED = 20


class Stream(case.IntegrationCase):
    async def watch(self, client, hosts, seconds):
        """Looks at the accounts at random moments of the stream."""
        rnd = random.Random(SEED)
        loop = asyncio.get_running_loop()
        start = loop.time()
        seen = set()
        for moment in sorted(rnd.uniform(0, seconds) for _ in range(MOMENTS)):
            await asyncio.sleep(max(0, start + moment - loop.time()))
            for host in hosts:
                answered = len(client.answers)
                stats = await host.session_stats()
                self.assert_account(stats)
                seen.add(stats['frames-outstanding'])
            # The gateway's is the last of them: its account lies between
            # what the peer knew before it asked and what it knows now.
            done = stats['frames-processed'] + stats['frames-dropped']
            self.assertLessEqual(answered, done)
            self.assertLessEqual(done, stats['frames-received'])
            self.assertLessEqual(stats['frames-received'],
                                 len(client.frames))
            self.assertEqual(
                len(client.frames),
                len(client.answers) + client.outstanding)
            self.assertEqual(client.faults, [])
            self.assertLessEqual(stats['frames-outstanding'],
                                 client.config['max_in_flight'])
        return seen

    @case.bounded(90)
    async def test_thousand_frames(self):
        made = self.make_pictures(DISTINCT)
        ai = await self.host(
            'AI service',
            f'tryonwssrc name=src port=0 ! {case.TINT} ! tryonwssink')
        gateway = await self.host(
            'gateway',
            'tryonwssrc name=src port=0 ! tryonthrottle ! '
            f'tryonaisink name=ai uri=ws://127.0.0.1:{await ai.port()}'
            '/ws/try-on/demo/ ai.src ! tryonstats name=stats ! tryonwssink')
        # Just before the number wraps, so that it does.
        client = await self.join(await gateway.port(),
                                 first_sequence=2**32 - COUNT // 2)
        await gateway.wait_until(
            lambda: any(message['state'] == 'ready' for message in
                        gateway.elements_messages('tryon-ai-state')),
            'AI service')

        watch = asyncio.create_task(
            self.watch(client, [ai, gateway], COUNT / FPS))
        self.addCleanup(watch.cancel)
        seconds = await client.stream(made, COUNT, FPS)
        await client.all_answered()
        seen = await asyncio.wait_for(watch, 10)
        case.progress(f'{COUNT} frames in {seconds:.1f} s, {client.late} sent '
                      f'late; outstanding at {MOMENTS} moments: '
                      f'{sorted(seen)}')

        self.assert_clean(client)
        self.assertEqual(len(client.answers), COUNT)
        stats = await gateway.session_stats()
        case.progress(f'gateway: {stats}')
        self.assert_account(stats)
        self.assertEqual(
            (stats['frames-received'], stats['frames-processed'],
             stats['frames-outstanding']), (COUNT, len(client.images), 0))
        # How many a busy machine manages is no matter of right and wrong.
        self.assertGreater(len(client.images), COUNT / 10)
        self.check_images(client)
        self.check_latency(client)
        self.assertEqual(client.errors(), [])
        told = [message for message in client.messages
                if message['type'] == 'stats']
        self.assertGreater(len(told), COUNT / FPS / 2)

    def check_images(self, client):
        processed = [frame for frame in client.images
                     if frame.answer.is_processed]
        self.assertGreater(len(processed), COUNT / 10)
        turns = self.assert_images(processed, tinted=True)
        # What is not processed is the frame as it was sent.
        for frame in client.images:
            if not frame.answer.is_processed:
                self.assertEqual(frame.answer.payload, frame.picture.data)
        case.progress(f'{len(processed)} images decoded, hue turned by '
                      f'{min(turns):.0f} to {max(turns):.0f} degrees; '
                      f'{len(client.images) - len(processed)} passed through')

    def check_latency(self, client):
        for frame in client.images:
            if frame.answer.is_processed:
                self.assertGreater(frame.answer.ai_latency, 0)
        trips = client.round_trips()
        mean = sum(trips) / len(trips)
        self.assertLess(mean, 0.2, 'mean round trip, seconds')


if __name__ == '__main__':
    unittest.main()
