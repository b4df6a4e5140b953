# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that are hostile before they are let in. See hostile.py."""

import unittest

import hostile

MB = 1000000


class Handshakes(hostile.HostileCase):
    attacks = 'attack_handshake.py'

    @hostile.bounded(40)
    async def test_one_byte_at_a_time(self):
        await self.serve()
        result = await self.run_attack('one_byte_at_a_time')
        self.assertEqual(result['processed'], result['sent'])
        self.assertGreater(result['sent'], 3)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_garbage_for_http(self):
        await self.serve()
        result = await self.run_attack('garbage_for_http')
        for kind, seen in result['seen'].items():
            # One that is let in, or left waiting, would be the fault.
            for got in seen:
                self.assertIn(got, ('closed', '400', '404', '505'), kind)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_requests_without_end(self):
        await self.serve()
        result = await self.run_attack('requests_without_end')
        self.assertIn('rounds', result)
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_endless_body(self):
        await self.serve()
        result = await self.run_attack('endless_body')
        self.expect_bounded(1 * MB)
        await self.expect_unharmed()

    @hostile.bounded(40)
    async def test_thousand_connections(self):
        """A hundred at a time. Memory that is not used for them any more
        returns; a first wave shows what the allocator keeps."""
        await self.serve()
        await self.run_attack('thousand_connections', count=200)
        await self.expect_files_closed()
        threads = self.process.threads()
        self.process.mark()
        result = await self.run_attack('thousand_connections')
        self.assertEqual(set(result['statuses']), {'101', '404'})
        await self.expect_files_closed()
        self.expect_returned(1 * MB)
        self.assertLessEqual(self.process.threads(), threads)
        await self.expect_unharmed()


if __name__ == '__main__':
    unittest.main()
