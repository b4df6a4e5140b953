# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that are there before the server is."""

import asyncio
import collections
import unittest

import case
import gstprocess
import peer

STARTS = 20


class Early(case.IntegrationCase):
    async def knock(self, port, limit=10):
        """The status of the first answer that there is."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        while True:
            try:
                status, _, _ = await peer.try_upgrade(port,
                                                      peer.path_of('demo'))
                return status
            except ConnectionRefusedError:
                # No wait: the moment of the start is what is looked for.
                self.assertLess(loop.time(), deadline, 'nobody listens')
                await asyncio.sleep(0)

    @case.bounded(90)
    async def test_no_session_yet(self):
        """The first connection that is taken is served: a 404 would tell its
        client not to come again."""
        seen = collections.Counter()
        for _ in range(STARTS):
            port = gstprocess.free_port()
            server = await gstprocess.Launch.start(
                'server', f'tryonwssrc port={port} ! tryonwssink')
            try:
                seen[await self.knock(port)] += 1
            finally:
                await server.kill()
        case.progress(f'{dict(seen)}')
        self.assertEqual(set(seen), {101})


if __name__ == '__main__':
    unittest.main()
