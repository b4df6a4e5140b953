# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that are there when the process ends.

What says goodbye does so behind the pipeline's end, and GStreamer's end waits
for it: see gsttryonloop.c. That nothing is left is seen with the leaks tracer,
which the pipelines run under (see gstprocess.py)."""

import asyncio
import time
import unittest

import attack
import case
import gstprocess

COUNT = 40
CLOSE = attack.ws_frame(attack.CLOSE, b'\x03\xe9')
# Of gsttryonloop.c, in seconds; and a busy machine's.
FAREWELL, SLACK = 3, 2


class Late(case.IntegrationCase):
    async def serve(self, count, options=''):
        """So many sessions at one port, each with a client. Their wires wait:
        to be used in threads."""
        port = gstprocess.free_port()
        self.server = await self.host('server', ' '.join(
            f'tryonwssrc name=s{number} port={port} session-id=s{number} '
            f'{options} ! tryonwssink' for number in range(count)))

        def join():
            return [attack.join(port, f's{number}') for number in range(count)]
        self.wires = await asyncio.to_thread(join)
        for wire in self.wires:
            self.addCleanup(wire.socket.close)

    async def end(self, farewell):
        """Ends the process; `farewell` is what the clients do meanwhile.
        Returns what that gives, and the seconds."""
        start = time.monotonic()
        self.server.ask_to_end()
        result = await asyncio.to_thread(farewell)
        code = await self.server.wait_exit(FAREWELL + SLACK)
        seconds = time.monotonic() - start
        self.assertEqual(code, 0, self.server.say_why())
        case.progress(f'{result} after {seconds:.2f} s')
        return result, seconds

    @case.bounded(20)
    async def test_one_by_one(self):
        """They answer the close frame when the pipelines have long gone."""
        await self.serve(COUNT)

        def farewell():
            for wire in self.wires:
                wire.text('bye')
            # The process goes as far as it does.
            time.sleep(0.2)
            for wire in self.wires:
                wire.send(CLOSE)
                time.sleep(0.005)
            return [wire.ending() for wire in self.wires]
        endings, _ = await self.end(farewell)
        self.assertEqual(endings, [1001] * COUNT)
        self.assertEqual(self.server.leaks, [])

    @case.bounded(20)
    async def test_silent(self):
        """One that answers nothing is waited for as long as for any."""
        await self.serve(1, 'close-timeout=500')
        ending, seconds = await self.end(self.wires[0].ending)
        self.assertEqual(ending, 1001)
        self.assertGreaterEqual(seconds, 0.5)
        self.assertLess(seconds, 0.5 + SLACK)
        self.assertEqual(self.server.leaks, [])

    @case.bounded(20)
    async def test_silent_for_long(self):
        """Not longer than a process may take to end, whatever was set."""
        await self.serve(1, 'close-timeout=60000')
        _, seconds = await self.end(self.wires[0].ending)
        self.assertGreaterEqual(seconds, FAREWELL)
        # Stopped where it was, so that it harms nothing.
        self.assertTrue(self.server.leaks)
        self.server.leaks.clear()


if __name__ == '__main__':
    unittest.main()
