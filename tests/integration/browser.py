# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real browser as the client: headless Chromium with a page that draws
frames, encodes, sends and decodes them with what browsers have for it. A relay
in between reads what the two sides say in their handshake."""

import asyncio
import json
import os
import pathlib
import shutil
import signal
import tempfile
import urllib.parse

import case
import peer

CHROMIUM = '/usr/bin/chromium'
COUNT = 300
TOKEN = 'mY-s3cret'
# No window, no privileges to drop, no name that leads out of the machine.
FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
         '--no-default-browser-check', '--disable-dev-shm-usage',
         '--disable-background-networking', '--disable-component-update',
         '--disable-extensions', '--disable-sync', '--disable-breakpad',
         '--no-proxy-server', '--password-store=basic',
         '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1']


class Relay:
    """Passes a server's connections on, and keeps the heads of both sides."""

    def __init__(self, target):
        self.target = target
        self.heads = []
        self.tasks = set()

    async def start(self):
        self.server = await asyncio.start_server(self._serve, '127.0.0.1', 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        heads = {'request': b'', 'answer': b''}
        self.heads.append(heads)
        there, back = await asyncio.open_connection('127.0.0.1', self.target)
        await asyncio.gather(self._pump(reader, back, heads, 'request'),
                             self._pump(there, writer, heads, 'answer'))

    async def _pump(self, reader, writer, heads, side):
        try:
            while data := await reader.read(1 << 16):
                if b'\r\n\r\n' not in heads[side]:
                    heads[side] += data
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def head(self, side):
        """The lines of the only connection's request or answer, in which the
        names are in lower case."""
        heads, = self.heads
        first, *lines = heads[side].split(b'\r\n\r\n')[0].decode().split(
            '\r\n')
        fields = {}
        for line in lines:
            name, value = line.split(':', 1)
            fields.setdefault(name.lower(), []).append(value.strip())
        return first, {name: ', '.join(values)
                       for name, values in fields.items()}


class Pages:
    """An HTTP server for the page, which takes its result."""

    def __init__(self):
        self.page = (pathlib.Path(__file__).parent
                     / 'browser.html').read_bytes()
        self.result = asyncio.get_running_loop().create_future()

    async def start(self):
        self.server = await asyncio.start_server(self._serve, '127.0.0.1', 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.origin = f'http://127.0.0.1:{self.port}'

    async def stop(self):
        self.server.close()

    async def _serve(self, reader, writer):
        """One request. Chromium also opens connections that it does not use
        then."""
        try:
            head = (await reader.readuntil(b'\r\n\r\n')).decode()
            method, path, _ = head.split('\r\n')[0].split()
            body = b''
            for line in head.lower().split('\r\n'):
                if line.startswith('content-length:'):
                    body = await reader.readexactly(int(line[15:]))
            status, answer = '404 Not Found', b''
            if method == 'GET' and path.startswith('/?'):
                status, answer = '200 OK', self.page
            elif method == 'POST' and path == '/result':
                status = '204 No Content'
                if not self.result.done():
                    self.result.set_result(json.loads(body))
            writer.write(f'HTTP/1.1 {status}\r\nContent-Type: text/html\r\n'
                         f'Content-Length: {len(answer)}\r\n'
                         'Connection: close\r\n\r\n'.encode() + answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Chromium:
    """A browser with a folder and a process group of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='tryon-chromium-')

    async def start(self, url):
        # Not the tests' environment: sanitizers are for our processes.
        environment = {'PATH': '/usr/bin:/bin', 'LANG': 'C.UTF-8',
                       'HOME': self.folder, 'TMPDIR': self.folder,
                       'XDG_RUNTIME_DIR': self.folder}
        self.log = open(f'{self.folder}/log', 'w+b')
        self.process = await asyncio.create_subprocess_exec(
            CHROMIUM, *FLAGS, f'--user-data-dir={self.folder}/profile', url,
            env=environment, stdin=asyncio.subprocess.DEVNULL,
            stdout=self.log, stderr=self.log, start_new_session=True)

    def last_words(self):
        self.log.seek(0)
        return self.log.read().decode(errors='replace')[-3000:]

    def helpers(self):
        """Processes of its that have left the group."""
        for process in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                if self.folder.encode() in (process / 'cmdline').read_bytes():
                    yield int(process.name)
            except OSError:
                pass

    async def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        await self.process.wait()
        for helper in self.helpers():
            try:
                os.kill(helper, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.log.close()
        for _ in range(100):
            if not any(self.helpers()):
                break
            await asyncio.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)


class Browser(case.IntegrationCase):
    async def serve(self, options=''):
        self.pages = Pages()
        await self.pages.start()
        self.addAsyncCleanup(self.pages.stop)
        options = options.format(origin=self.pages.origin)
        self.server = await self.host(
            'server', f'tryonwssrc name=src port=0 {options} ! tryonwssink')
        self.relay = Relay(await self.server.port())
        await self.relay.start()
        self.addAsyncCleanup(self.relay.stop)

    async def browse(self, frames, limit=30, **values):
        """What the page says of itself."""
        url = f'ws://127.0.0.1:{self.relay.port}{peer.path_of("demo")}'
        query = urllib.parse.urlencode(
            {'url': url, 'frames': frames, 'limit': limit, **values})
        browser = Chromium()
        await browser.start(f'{self.pages.origin}/?{query}')
        try:
            result = await asyncio.wait_for(self.pages.result,
                                            limit + 10)
        except asyncio.TimeoutError:
            self.fail(f'no result of the page within {limit} s; the browser '
                      f'said:\n{browser.last_words()}')
        finally:
            await browser.stop()
        trips = sorted(result.pop('trips'))
        case.progress(f'{result}')
        if trips:
            case.progress('round trip p50 {:.1f} ms, p95 {:.1f} ms'.format(
                *(trips[int((len(trips) - 1) * p)] for p in (0.5, 0.95))))
        return result

    def assert_exchanged(self, result, count):
        self.assertEqual(result['faults'], [])
        self.assertEqual((result['sent'], result['answered']), (count, count))
        self.assertEqual(result['decoded'], result['images'])
        self.assertEqual(result['images'] + sum(result['reasons'].values()),
                         count)
        # A busy machine may drop some.
        self.assertGreater(result['images'], count / 2)
        # It had more to send, and waited for answers.
        self.assertEqual(result['most_unanswered'], result['max_in_flight'])
        self.assertEqual(result['protocol'], 'tryon.v1')
        self.assertEqual(result['close'], {'code': 1000, 'clean': True})

        _, offered = self.relay.head('request')
        answer, taken = self.relay.head('answer')
        case.progress(f'{offered["sec-websocket-extensions"]}; {taken}')
        self.assertEqual(offered['origin'], self.pages.origin)
        self.assertEqual(answer.split()[1], '101')
        self.assertIn('permessage-deflate',
                      offered['sec-websocket-extensions'])
        self.assertNotIn('sec-websocket-extensions', taken)
        self.assertEqual(result['extensions'], '')
        return offered, f'{answer} {taken}'

    @case.bounded(100)
    async def test_frames(self):
        """300 frames there and back, and no compression of what is compressed
        already, though the browser offers it."""
        await self.serve('allowed-origins={origin}')
        result = await self.browse(COUNT, limit=80)
        self.assert_exchanged(result, COUNT)
        self.assertTrue(result['secure'], 'no camera for this page')
        case.progress(f'{result["bytes"] / COUNT / 1000:.0f} kB a frame')

        stats = await self.server.get('src', 'stats')
        self.assertEqual(stats['sessions'], 1)
        self.assertEqual(stats['refused'], 0)

    @case.bounded(60)
    async def test_token(self):
        """Shown as a subprotocol, which is not selected."""
        await self.serve(f'token={TOKEN} allowed-origins={{origin}}')
        result = await self.browse(10, token=TOKEN)
        offered, answer = self.assert_exchanged(result, 10)
        self.assertEqual(offered['sec-websocket-protocol'],
                         f'tryon.v1, tryon.token.{TOKEN}')
        self.assertNotIn(TOKEN, answer)

    async def expect_refused(self, status, **values):
        """All that a page gets to see of a refusal."""
        result = await self.browse(10, **values)
        self.assertEqual(result['close'], {'code': 1006, 'clean': False})
        self.assertEqual(result['sent'], 0)
        answer, _ = self.relay.head('answer')
        self.assertEqual(answer.split()[1], status)
        stats = await self.server.get('src', 'stats')
        self.assertEqual((stats['sessions'], stats['refused']), (0, 1))

    @case.bounded(60)
    async def test_wrong_token(self):
        await self.serve(f'token={TOKEN} allowed-origins={{origin}}')
        await self.expect_refused('401', token='another')

    @case.bounded(60)
    async def test_other_origin(self):
        """A page of the same machine, but of another port, unless it is told
        to be welcome."""
        await self.serve()
        await self.expect_refused('403')


if __name__ == '__main__':
    case.main(CHROMIUM)
