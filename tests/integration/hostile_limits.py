# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that only a limit of time or number ends, each of which is a property
of tryonwssrc. See hostile.py."""

import asyncio
import signal
import time
import unittest

import case
import hostile
import peer

KB, MB = 1000, 1000000
# What a connection costs in the handshake, in libsoup's hands.
CONNECTION = 50 * KB
# Seconds: limits of time are looked at so often; and a busy machine's.
TICK = 0.5
SLACK = 1


class LimitsCase(hostile.HostileCase):
    attacks = 'attack_limits.py'

    async def listener_stats(self):
        stats = await self.server.get('victim', 'stats')
        case.progress(f'{stats["listener"]}')
        return stats['listener']


class Handshakes(LimitsCase):
    TIMEOUT = 0.5
    PENDING = 32
    OPTIONS = (f'handshake-timeout={TIMEOUT * 1000:.0f} '
               f'max-pending-handshakes={PENDING}')

    @hostile.bounded(40)
    async def test_half_handshake_and_silence(self):
        count = 16 * self.PENDING
        await self.serve(self.OPTIONS)
        before = await self.listener_stats()
        result = await self.run_attack('half_handshake_and_silence',
                                       count=count)
        self.assertEqual(result['left'], 0)
        self.assertLess(result['oldest'], self.TIMEOUT + TICK + SLACK)
        # Half of them are on their way out, or have just come.
        self.expect_bounded(2 * self.PENDING * CONNECTION)
        stats = await self.listener_stats()
        superseded, timed_out = (
            stats[name] - before[name]
            for name in ('handshakes-superseded', 'handshakes-timed-out'))
        self.assertEqual(superseded + timed_out, count)
        # The newest stay until their time is over; on a busy machine it may
        # be over before all have come.
        self.assertGreater(superseded, 0)
        self.assertGreater(timed_out, 0)
        self.assertLessEqual(timed_out, count - superseded)
        self.assertEqual(stats['connections-pending'], 0)
        await self.expect_unharmed()

    async def expect_not_left_waiting(self, kind):
        await self.serve(self.OPTIONS)
        result = await self.run_attack('left_waiting', kind=kind)
        self.assertNotIn('left open', result)
        self.assertLess(result['longest'], self.TIMEOUT + TICK + SLACK)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_tls_bytes_to_plain_port(self):
        await self.expect_not_left_waiting('tls')

    @hostile.bounded(40)
    async def test_minus_length(self):
        await self.expect_not_left_waiting('minus length')

    @hostile.bounded(40)
    async def test_endless_header(self):
        await self.serve('max-header-bytes=16384')
        result = await self.run_attack('endless_header')
        for kind, (sent, broke) in result.items():
            self.assertTrue(broke, kind)
            # Most of what was taken is the kernel's, at either end.
            self.assertLess(sent, 8 * MB, kind)
        stats = await self.listener_stats()
        self.assertEqual(stats['headers-too-large'], len(result))
        # The limit is ours, and not the larger one of libsoup's: what is below
        # is let in.
        for size, is_allowed in ((12000, True), (20000, False)):
            attempt = peer.try_upgrade(
                self.port, peer.path_of('victim'),
                headers={'X-Long': 'a' * size})
            if is_allowed:
                status, *_ = await attempt
                self.assertEqual(status, 101)
            else:
                with self.assertRaises((OSError, EOFError), msg=size):
                    await attempt
        self.expect_bounded(300 * KB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_endless_bodies(self):
        await self.serve(self.OPTIONS)
        start = time.monotonic()
        result = await self.run_attack('endless_bodies')
        for kind, (_, broke) in result.items():
            self.assertTrue(broke, kind)
        self.assertLess(time.monotonic() - start,
                        len(result) * (self.TIMEOUT + TICK + SLACK))
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()


class Connections(LimitsCase):
    async def expect_some_closed(self, options, limit, counter, others):
        """100 connections of an address of their own, of which `limit` stay;
        `others` of the test itself count, too."""
        await self.serve(options)
        before = await self.listener_stats()
        attack = await self.attack('many_connections', count=100,
                                   address='127.0.0.2')
        await attack.reach('opened')
        expected = 100 - limit + others
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 5
        while True:
            stats = await self.listener_stats()
            closed = stats[counter] - before[counter]
            if closed >= expected:
                break
            self.assertLess(loop.time(), deadline, f'{closed} closed')
            await asyncio.sleep(0.1)
        self.assertEqual(closed, expected)
        self.assertEqual(stats['connections'], limit - others + before[
            'connections'])
        attack.go()
        result = await attack.result()
        case.progress(f'many_connections: {result}')
        self.assertEqual(result['closed'], expected)
        self.expect_bounded(limit * CONNECTION)
        # They have left, and there is room again.
        await self.expect_files_closed()
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_too_many_connections(self):
        # The healthy client's is the one of the others.
        await self.expect_some_closed('max-connections=50', 50,
                                      'connections-over-limit', 1)

    @hostile.bounded(40)
    async def test_too_many_of_an_address(self):
        await self.expect_some_closed('max-connections-per-address=20', 20,
                                      'connections-over-address-limit', 0)


class Clients(LimitsCase):
    @hostile.bounded(40)
    async def test_tiny_fragments(self):
        await self.serve(victim='max-fragments=1024')
        result = await self.run_attack('tiny_fragments')
        for kind, (_, code) in result.items():
            self.assertEqual(code, 1008, kind)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_vanishes(self):
        """As when a telephone loses its network: TCP goes on, as far as the
        server's kernel can see, but nobody answers."""
        interval = 0.25
        await self.serve(f'ping-interval={interval * 1000:.0f}')
        attack = await self.attack('vanishes')
        await attack.reach('served')
        attack.process.send_signal(signal.SIGSTOP)
        seconds = await self.wait_removed(2, 3 * interval + TICK + SLACK)
        case.progress(f'closed {seconds:.2f} s after it vanished, pings '
                      f'every {interval} s')
        # The others' place is free while it is still "connected".
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_endless_message(self):
        """Only whole messages count."""
        idle, close = 0.5, 0.5
        await self.serve(victim=f'idle-timeout={idle * 1000:.0f} '
                         f'close-timeout={close * 1000:.0f}')
        result = await self.run_attack('endless_message')
        self.assertEqual(result['code'], 4002)
        self.assertIsNotNone(result['bye'])
        self.assertLess(result['seconds'], idle + TICK + SLACK)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_two_for_one_session(self):
        count = 20
        # None of those who are replaced answers.
        await self.serve('close-timeout=100')
        attack = await self.attack('two_for_one_session', count=count)
        await attack.reach('taken', 15)
        stats = (await self.server.get('victim', 'stats'))['session']
        self.assert_account(stats)
        # Of each client five frames were answered, and a sixth may have come.
        self.assertLessEqual(stats['frames-received'], 6 * count)
        self.assertGreaterEqual(stats['frames-processed'], 5 * count)
        self.assertEqual(stats['frames-outstanding'], 0)
        attack.go()
        result = await attack.result()
        case.progress(f'two_for_one_session: {result}')
        self.assertEqual(result['codes'], {'4000': count - 1})
        replaced = [fields for fields in self.server.elements_messages(
            'tryon-session-replaced') if fields['session-id'] == 'victim']
        self.assertEqual(len(replaced), count - 1)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()


if __name__ == '__main__':
    unittest.main()
