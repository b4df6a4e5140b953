# SPDX-License-Identifier: LGPL-2.1-or-later
"""JPEG and PNG through stock decoders, and sizes and formats that change in
mid-stream."""

import unittest

import case

COUNT = 30
FPS = 30


class Formats(case.IntegrationCase):
    async def serve(self, stages):
        host = await self.host(
            'server', f'tryonwssrc name=src port=0 ! {stages} tryonwssink')
        return await self.join(await host.port())

    async def run_through(self, stages, frames, fps=FPS):
        client = await self.serve(stages)
        await client.stream(frames, len(frames), fps, window=1)
        await client.all_answered()
        self.assert_clean(client)
        self.assertEqual(client.errors(), [])
        self.assertEqual(len(client.images), len(frames))
        return client

    @case.bounded(30)
    async def test_jpeg_decoder(self):
        client = await self.run_through(
            'jpegdec ! videobalance hue=0.5 ! tryonwebpenc !',
            self.make_pictures(COUNT, encoding='JPEG'))
        self.assert_images(client.images, tinted=True)

    @case.bounded(30)
    async def test_png_decoder(self):
        # Small and few: PNG is no format for a camera.
        client = await self.run_through(
            'pngdec ! videoconvert ! videobalance hue=0.5 ! videoconvert ! '
            'tryonwebpenc !',
            self.make_pictures(COUNT, (320, 240), encoding='PNG'), fps=15)
        self.assert_images(client.images, tinted=True)

    @case.bounded(30)
    async def test_format_changes(self):
        """An echo takes one format after the other."""
        kinds = {encoding: self.make_pictures(COUNT // 3, encoding=encoding)
                 for encoding in ('WEBP', 'JPEG', 'PNG')}
        frames = [picture for group in zip(*kinds.values())
                  for picture in group]
        client = await self.run_through('', frames)
        for frame in client.images:
            self.assertEqual(frame.answer.payload, frame.picture.data)
            self.assertTrue(frame.answer.is_processed)

    @case.bounded(30)
    async def test_size_changes(self):
        """Landscape, portrait, small, and back: each answer has the size of
        its frame, and no frame is lost."""
        sizes = [(640, 480), (480, 640), (320, 240), (641, 479), (640, 480)]
        frames = [picture for size in sizes
                  for picture in self.make_pictures(COUNT // 5, size)]
        client = await self.run_through(f'{case.TINT} !', frames)
        self.assert_images(client.images, tinted=True)


if __name__ == '__main__':
    unittest.main()
