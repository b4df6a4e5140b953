# SPDX-License-Identifier: LGPL-2.1-or-later
"""AI service, gateway and client as three processes, from the descriptions in
pipelines/: 300 real frames go the whole way, and each is accounted for."""

import pathlib
import tempfile
import unittest

import case
import gstprocess
import pictures

COUNT = 300
DISTINCT = 60
FPS = 30


class ThreeProcesses(case.IntegrationCase):
    def write_frames(self):
        """The camera's frames as files. Their pictures, and the folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        folder = pathlib.Path(folder.name)
        made = self.make_pictures(DISTINCT, encoding='JPEG', quality=92)
        for i in range(COUNT):
            path = folder / f'sent-{i:04}.jpg'
            path.write_bytes(made[i % DISTINCT].data)
        return made, folder

    async def start_services(self):
        """The port of a gateway with an AI service behind it."""
        ai_port, port = gstprocess.free_port(), gstprocess.free_port()
        uri = 'ws://127.0.0.1:{}/ws/try-on/demo/'
        await self.launch('AI service', gstprocess.launch_file(
            'ai-tint', port=ai_port, hue=0.5))
        await gstprocess.wait_accepting(ai_port)
        gateway = await self.launch('gateway', gstprocess.launch_file(
            'gateway', port=port, ai=uri.format(ai_port)))
        await gstprocess.wait_accepting(port)
        case.progress(f'AI service at {ai_port}, gateway at {port}')
        return gateway, uri.format(port)

    def check_answers(self, sent, folder):
        """What came back: real pictures, in the order in which they were
        sent. How many have the effect on them."""
        changed = 0
        position = -1
        back = sorted(folder.glob('back-*.webp'))
        for path in back:
            data = path.read_bytes()
            number = pictures.number_of(data)
            self.assertIsNotNone(number, f'{path.name} shows no picture')
            step = (number - position) % DISTINCT
            self.assertIn(step, range(1, DISTINCT // 2),
                          f'{path.name} shows {number} after {position}')
            position += step
            sight = pictures.Sight(sent[number], data)
            self.assertEqual(sight.faults, [], path.name)
            turn = abs(sight.turn)
            self.assertTrue(turn > case.CHANGED or turn < case.UNCHANGED,
                            f'{path.name}: hue turned by {turn}')
            changed += turn > case.CHANGED
        return len(back), changed

    @case.bounded(100)
    async def test_all_answered(self):
        sent, folder = self.write_frames()
        gateway, uri = await self.start_services()
        client = await self.host('client', gstprocess.launch_file(
            'client', uri=uri,
            source=f'multifilesrc location={folder}/sent-%04d.jpg '
                   f'stop-index={COUNT - 1} '
                   f'caps=image/jpeg,framerate={FPS}/1 ! jpegdec',
            sent='clocksync',
            answered='tee name=answers answers. ! queue ! multifilesink '
                     f'location={folder}/back-%04d.webp async=false '
                     'answers. ! queue',
            display='fakesink'))
        await client.wait_until(client.is_over, 'EOS', 60)

        stats = await client.get('me', 'stats')
        case.progress(f'client: {stats}')
        left = stats['frames-processed'] + stats['frames-fallback']
        self.assertEqual(stats['frames-received'], COUNT)
        self.assertEqual(stats['frames-outstanding'], 0)
        self.assertEqual(COUNT, left + stats['frames-dropped'])
        back, changed = self.check_answers(sent, folder)
        case.progress(f'{back} of {COUNT} came back, {changed} with the '
                      'effect on them')
        self.assertEqual(back, left)
        # How many a busy machine manages is no matter of right and wrong.
        self.assertGreater(changed, COUNT / 10)

        told = gateway.elements_messages('tryon-stats')
        self.assertGreater(len(told), COUNT / FPS / 2)
        for stats in told:
            if 'frames-received' in stats:
                self.assertEqual(
                    stats['frames-received'],
                    stats['frames-processed'] + stats['frames-dropped']
                    + stats['frames-outstanding'])
        case.progress(f'gateway: {told[-1]}')


if __name__ == '__main__':
    unittest.main()
