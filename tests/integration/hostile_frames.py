# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that are hostile once they are let in. See hostile.py."""

import asyncio
import unittest

import case
import hostile

KB, MB = 1000, 1000000
# Of the channel, in seconds: how long a client may take nothing from its socket,
# and the step in which it is looked at.
STALL, TICK = 10, 0.5
# For a close handshake, where one is waited for in vain.
CLOSE = 0.5
HASTE = f'close-timeout={CLOSE * 1000:.0f}'
# What one that is to be closed, and takes nothing, is given: that time to take
# what comes before the close frame, and again for its own.
FAREWELL = 2 * (CLOSE + TICK)
# A busy machine's.
SLACK = 1


class Framing(hostile.HostileCase):
    attacks = 'attack_frames.py'

    async def expect_ends(self, name, codes):
        """That each of an attack's attempts ends with the code that belongs to
        it, every time."""
        await self.serve()
        result = await self.run_attack(name)
        self.assertEqual(len(result['seen']), len(codes))
        for number, (seen, code) in enumerate(zip(result['seen'], codes)):
            self.assertEqual(list(seen), [str(code)], f'attempt {number}')
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_unmasked_frame(self):
        await self.expect_ends('unmasked_frame', [1002] * 5)

    @hostile.bounded(40)
    async def test_length_2_63(self):
        await self.expect_ends('length_2_63', [1002] * 4 + [1009] * 4)

    @hostile.bounded(40)
    async def test_text_not_utf8(self):
        await self.expect_ends('text_not_utf8', [1007] * 9)

    @hostile.bounded(40)
    async def test_reset_in_mid_frame(self):
        await self.serve()
        result = await self.run_attack('reset_in_mid_frame')
        self.assertGreater(result['rounds'], 20)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_nesting_80000(self):
        await self.serve()
        result = await self.run_attack('nesting_80000')
        self.assertEqual(result['codes'], {'BAD_MESSAGE': result['rounds']})
        self.assertTrue(result['served'])
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_close_and_keep_sending(self):
        await self.serve()
        result = await self.run_attack('close_and_keep_sending', 40)
        for kind, seconds in result.items():
            # The time limit of closing is 2 s.
            self.assertLess(seconds, 3, kind)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_fragments_512x64k(self):
        """Against a limit of 1 MB: at no time more than 1.1 MB are held. The
        next one uses the same memory; what they cost as clients that come and
        go is on top of it."""
        await self.serve(victim=f'max-frame-bytes={MB // 2} '
                         f'max-message-bytes={MB}')
        attack = await self.attack('fragments_512x64k')
        await attack.reach('served')
        self.process.mark()
        attack.go()
        await attack.reach('once')
        self.expect_bounded(1.1 * MB)
        attack.go()
        result = await attack.result()
        case.progress(f'fragments_512x64k: {result}')
        self.assertEqual(list(result['codes']), ['1009'])
        self.assertGreater(result['codes']['1009'], 2)
        self.expect_bounded(1.2 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_huge_claim_slow(self):
        """What a peer can really do: each session takes one client, so it
        takes as many sessions."""
        count, claim = 200, (4 << 20) - 1
        chains = ' '.join(f'tryonwssrc port=PORT session-id=s{number} ! '
                          'tryonwssink' for number in range(count))
        await self.serve(more=chains)
        attack = await self.attack('huge_claim_slow', count=count, claim=claim)
        await attack.reach('joined')
        self.process.mark()
        attack.go()
        await attack.reach('sent')
        self.expect_bounded(count * 20 * KB,
                            f'{count} claims of {claim} bytes')
        attack.go()
        await attack.result()
        await self.expect_unharmed()


class Floods(hostile.HostileCase):
    attacks = 'attack_frames.py'

    @hostile.bounded(40)
    async def test_one_byte_reader(self):
        await self.serve()
        result = await self.run_attack('one_byte_reader')
        self.assertGreater(result['processed'], 20)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_ping_flood(self):
        """Pongs leave together: the healthy client waits for few of them."""
        await self.serve()
        result = await self.run_attack('ping_flood', reads=True)
        self.assertTrue(result['served'])
        self.expect_bounded(1 * MB)
        await self.expect_unharmed(max_p50=0.007)

    @hostile.bounded(40)
    async def test_ping_flood_unread(self):
        """It costs its turns and no memory. Pings are no messages: it is idle,
        and is closed though nothing can be said to it."""
        idle = 2
        await self.serve(victim=f'idle-timeout={idle * 1000} {HASTE}')
        result = await self.run_attack('ping_flood', reads=False)
        self.assertGreaterEqual(result['seconds'], idle)
        self.assertLess(result['seconds'], idle + TICK + FAREWELL + SLACK)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(60)
    async def test_text_flood_slow_reader(self):
        await self.serve()
        attack = await self.attack('text_flood_slow_reader')
        await attack.reach('flooded')
        self.expect_bounded(1 * MB)
        attack.go()
        result = await attack.result()
        case.progress(f'text_flood_slow_reader: {result}')
        self.assertEqual(result['code'], 4003)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_text_flood_unread(self):
        """The end of one that takes nothing at all."""
        await self.serve(victim=HASTE)
        result = await self.run_attack('text_flood_unread')
        self.assertLess(result['seconds'], FAREWELL + SLACK)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    async def expect_flood_answered(self, size):
        await self.serve()
        result = await self.run_attack('frame_flood', size=size)
        answered = result['processed'] + result['dropped']
        self.assertGreater(result['processed'], 0)
        if result['ending'] == 'open':
            self.assertEqual(answered, result['sent'])
        else:
            self.assertEqual(result['ending'], 'closed with 1008')
        self.expect_bounded(2 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_frame_flood(self):
        await self.expect_flood_answered(100)

    @hostile.bounded(40)
    async def test_frame_flood_large(self):
        await self.expect_flood_answered(200 * KB)

    @hostile.bounded(40)
    async def test_reads_late(self):
        await self.serve()
        result = await self.run_attack('reads_late', size=240 * KB)
        # Else the buffers held it all.
        self.assertGreater(result['dropped'], 0)
        self.expect_bounded(2 * MB)
        await self.expect_unharmed()

    async def count_answered(self, count):
        """How many frames the pipeline has answered when so many have come.
        The session counts an answer when it leaves."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 5
        while True:
            sink = await self.server.get('answers', 'stats')
            stats = sink['session']
            if stats['frames-received'] >= count:
                break
            self.assertLess(loop.time(), deadline, sink)
            await asyncio.sleep(0.02)
        case.progress(f'{count} frames came, {sink["frames-answered"]} '
                      'answered by the pipeline; '
                      f'{stats["frames-processed"]} answers have left')
        return sink['frames-answered']

    @hostile.bounded(60)
    async def test_never_reads(self):
        """A peer that never reads: memory of the process grows by less than
        2 MB while 200 MB of answers are produced for it."""
        # Beyond 1024 unanswered frames the client would be closed.
        size, count = 240 * KB, 1000
        await self.serve(victim=HASTE)
        attack = await self.attack('never_reads', size=size, count=count)
        await attack.reach('served')
        self.process.mark()
        sink = await self.server.get('answers', 'stats')
        before = sink['session']['frames-received']
        attack.go()
        await attack.reach('sent')
        produced = size * await self.count_answered(before + count)
        self.expect_bounded(2 * MB, f'never_reads, {produced / MB:.0f} MB of '
                            'answers for it: memory')
        if produced < 200 * MB:
            raise hostile.Disturbed(f'{produced / MB:.0f} MB of answers only')
        seconds = await self.wait_removed(2, STALL + TICK + CLOSE + SLACK)
        case.progress(f'closed {seconds:.1f} s after the last frame')
        attack.go()
        await attack.result()
        await self.expect_unharmed()


if __name__ == '__main__':
    unittest.main()
