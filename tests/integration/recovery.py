# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is killed in mid-stream, on either side, takes nobody with it."""

import asyncio
import unittest

import case
import gstprocess
import peer
import websockets

FPS = 25


class Recovery(case.IntegrationCase):
    async def start_ai(self, port):
        ai = await self.launch(
            'AI service',
            f'tryonwssrc port={port} ! {case.TINT} ! tryonwssink')
        await gstprocess.wait_accepting(port)
        return ai

    async def feed(self, client, made):
        """Streams until it is cancelled."""
        while True:
            await client.stream(made, len(made), FPS)

    async def images_from(self, client, start, condition, count, what,
                          limit=15):
        """Waits for `count` images that fit, of frames from `start` on."""
        def found():
            return [frame for frame in client.images[start:]
                    if condition(frame.answer)]
        await client.wait_until(lambda: len(found()) >= count, what, limit)
        return found()

    async def join_after(self, port, **options):
        """Comes back as soon as the server has noticed that the client before
        is gone: until then it is refused as busy."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        while True:
            try:
                client = await self.join(port, **options)
            except websockets.InvalidStatusCode as refusal:
                self.assertEqual(refusal.status_code, 503)
                self.assertLess(loop.time() - start, 1, 'still busy')
                await asyncio.sleep(0.01)
            else:
                case.progress(f'back in after '
                              f'{(loop.time() - start) * 1000:.0f} ms')
                return client

    @case.bounded(60)
    async def test_ai_service_killed(self):
        made = self.make_pictures(50)
        ai_port = gstprocess.free_port()
        ai = await self.start_ai(ai_port)
        gateway = await self.host(
            'gateway',
            'tryonwssrc name=src port=0 ! tryonthrottle ! tryonaisink name=ai '
            f'uri=ws://127.0.0.1:{ai_port}/ws/try-on/demo/ '
            'fallback=passthrough ai.src ! tryonstats ! tryonwssink')
        client = await self.join(await gateway.port())
        feed = asyncio.create_task(self.feed(client, made))
        self.addCleanup(feed.cancel)

        before = await self.images_from(
            client, 0, lambda answer: answer.is_processed, 25,
            'processed images')
        self.assert_images(before, tinted=True)

        await ai.kill()
        killed_at = len(client.images)
        case.progress(f'AI service killed: {client.summary()}')
        await client.wait_until(
            lambda: client.errors('AI_SERVICE_UNAVAILABLE'), 'error')
        passed = await self.images_from(
            client, killed_at, lambda answer: not answer.is_processed, 40,
            'images passed through')
        for frame in passed:
            self.assertEqual(frame.answer.payload, frame.picture.data)

        restarted_at = len(client.images)
        await self.start_ai(ai_port)
        case.progress(f'AI service back: {client.summary()}')
        again = await self.images_from(
            client, restarted_at, lambda answer: answer.is_processed, 25,
            'processed images after the restart')
        self.assert_images(again, tinted=True)

        feed.cancel()
        await client.all_answered()
        self.assert_clean(client)
        self.assertFalse(client.is_closed)
        errors = client.errors('AI_SERVICE_UNAVAILABLE')
        case.progress(f'told: {errors}')
        self.assertEqual(len(errors), 1)
        self.assertTrue(errors[0]['recoverable'])
        self.assert_account(await gateway.session_stats())

    @case.bounded(40)
    async def test_client_killed(self):
        made = self.make_pictures(20)
        host = await self.host(
            'server',
            f'tryonwssrc name=src port=0 ! {case.TINT} ! tryonwssink')
        port = await host.port()
        for turn in range(4):
            client = await self.join_after(port, first_sequence=turn * 1000)
            await client.stream(made, len(made), FPS)
            self.assertEqual(client.faults, [])
            # Frames under way, and one of which only a part has gone.
            for picture in made[:2]:
                await client.send_frame(picture)
            client.websocket.transport.write(
                b'\x82\xfe\xff\xff' + bytes(4) + peer.pack_header(65503, 7)
                + made[0].data[:1000])
            await client.reset()
            case.progress(f'client {turn} reset: {client.summary()}')

        client = await self.join_after(port)
        await client.stream(made, len(made), FPS, window=1)
        await client.all_answered()
        self.assert_clean(client)
        self.assertEqual(len(client.images), len(made))
        self.assert_images(client.images, tinted=True)
        stats = await host.session_stats()
        self.assert_account(stats)


if __name__ == '__main__':
    unittest.main()
