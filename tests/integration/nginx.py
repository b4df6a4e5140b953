# SPDX-License-Identifier: LGPL-2.1-or-later
"""The nginx.conf that docs/deployment.md shows, in a real nginx.

Only names, ports and paths are replaced in it. It runs in the foreground, with
a folder of its own: the system's nginx, if there is one, is left alone."""

import asyncio
import collections
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import tempfile

import case
import gstprocess
import peer
import websockets

NGINX = '/usr/sbin/nginx'
NAME = 'tryon.example.org'
COUNT = 300
DISTINCT = 60
FPS = 30
TOKEN = 'mY-s3cret'
CONNECTIONS = 8
BURST = 20
ECHO = 'tryonwssrc name={name} port={port} {options} ! tryonwssink'


def page():
    """The text of docs/deployment.md."""
    protocol = pathlib.Path(os.environ['TRYON_PROTOCOL'])
    return (protocol.parent / 'deployment.md').read_text()


def blocks(language):
    """What stands in the page's code blocks of a language."""
    return re.findall(rf'^```{language}\n(.*?)^```$', page(), re.M | re.S)


async def wait_playing(pipeline):
    """Until gst-launch-1.0 has started all of it."""
    await pipeline.wait_until(
        lambda: any(message['message'] == 'new-clock'
                    for message in pipeline.messages), 'start', 15)


class Nginx:
    """One nginx with the page's configuration."""

    def __init__(self, upstreams):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='tryon-nginx-'))
        self.port, self.http_port = (gstprocess.free_port() for _ in range(2))
        self.process = None
        (self.folder / 'page').mkdir()
        (self.folder / 'page/index.html').write_text('the page\n')
        (self.folder / 'nginx.conf').write_text(self.adapt(upstreams))

    def adapt(self, upstreams):
        """The page's configuration, with what is of this machine in it."""
        text, = blocks('nginx')
        folder, certificate = self.folder, case.certificate()
        scratch = ''.join(
            f'  {kind}_temp_path {folder}/{kind};\n' for kind in
            ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        changes = [
            ('user www-data;', 'user root;' if os.getuid() == 0 else ''),
            ('/run/nginx.pid', f'{folder}/pid'),
            ('/var/log/nginx', str(folder)),
            ('/var/www/tryon', f'{folder}/page'),
            (f'/etc/letsencrypt/live/{NAME}/fullchain.pem', str(certificate)),
            (f'/etc/letsencrypt/live/{NAME}/privkey.pem', str(certificate)),
            (NAME, 'localhost'),
            ('127.0.0.1:8001', f'127.0.0.1:{upstreams[0]}'),
            ('127.0.0.1:8002', f'127.0.0.1:{upstreams[1]}'),
            # A machine may have no IPv6.
            ('listen [::]:443', f'listen 127.0.0.1:{gstprocess.free_port()}'),
            ('listen [::]:80', f'listen 127.0.0.1:{gstprocess.free_port()}'),
            ('listen 443', f'listen 127.0.0.1:{self.port}'),
            ('listen 80', f'listen 127.0.0.1:{self.http_port}'),
            # Else only root may start it.
            ('http {\n', 'http {\n' + scratch)]
        for old, new in changes:
            assert old in text, f'docs/deployment.md has no {old}'
            text = text.replace(old, new)
        return text

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            NGINX, '-p', str(self.folder), '-g', 'daemon off;',
            '-c', str(self.folder / 'nginx.conf'),
            '-e', str(self.folder / 'error.log'),
            stdin=asyncio.subprocess.DEVNULL, start_new_session=True)
        try:
            await gstprocess.wait_accepting(self.http_port)
        except AssertionError:
            raise AssertionError(f'nginx: {self.log("error")}') from None

    def log(self, name):
        path = self.folder / f'{name}.log'
        return path.read_text() if path.exists() else ''

    async def stop(self):
        """Ends it, so that all of its log is written."""
        if self.process and self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), 5)
            except asyncio.TimeoutError:
                os.killpg(self.process.pid, signal.SIGKILL)
                await self.process.wait()

    async def remove(self):
        await self.stop()
        shutil.rmtree(self.folder)


class Proxy(case.IntegrationCase):
    async def serve(self, options=''):
        """An echo behind nginx; the second pipeline is not there."""
        server = await self.host(
            'server', ECHO.format(name='src', port=0, options=options))
        await self.proxy(await server.port())
        return server

    async def proxy(self, port, other=None):
        self.nginx = Nginx([port, other or gstprocess.free_port()])
        self.addAsyncCleanup(self.nginx.remove)
        await self.nginx.start()
        self.tls = case.trusting()

    async def join_through(self, **options):
        return await self.join(self.nginx.port, tls=self.tls, **options)

    async def ask(self, session='demo', **request):
        got = await peer.try_upgrade(
            self.nginx.port, peer.path_of(session), tls=self.tls, **request)
        case.progress(f'{got[0]}: {got[2].decode()}')
        return got

    @case.bounded(60)
    async def test_frames(self):
        """A camera's frames there and back."""
        made = self.make_pictures(DISTINCT)
        server = await self.serve()
        client = await self.join_through()
        seconds = await client.stream(made, COUNT, FPS)
        await client.all_answered()
        case.progress(f'{COUNT} frames in {seconds:.1f} s, {client.late} late')
        self.assert_clean(client)
        self.assertEqual(len(client.answers), COUNT)
        for frame in client.images:
            self.assertEqual(frame.answer.payload, frame.picture.data)
        # A busy machine may drop some.
        self.assertGreater(len(client.images), COUNT / 2)
        self.assert_account(await server.session_stats())

    @case.bounded(20)
    async def test_origin(self):
        """Pages of nginx's own host and port may connect, no others."""
        await self.serve()
        own = f'https://localhost:{self.nginx.port}'
        for origin in ('https://other.example', 'https://localhost',
                       f'https://127.0.0.1:{self.nginx.port}'):
            status, headers, body = await self.ask(headers={'Origin': origin})
            self.assertEqual(status, 403)
            self.assertEqual(json.loads(body)['code'], 'UNAUTHORIZED')
            self.assertIn('problem+json', headers['content-type'])
        client = await self.join_through(origin=own)
        await self.assert_served(client, self.make_pictures(1)[0])
        self.assert_clean(client)

    @case.bounded(20)
    async def test_token(self):
        """It comes through either way, and stays out of the logs."""
        await self.serve(f'token={TOKEN}')
        wrong = {'Sec-WebSocket-Protocol': f'tryon.v1, tryon.token.{TOKEN}x'}
        status, _, _ = await self.ask(headers=wrong)
        self.assertEqual(status, 401)
        for in_browser in (True, False):
            client = await self.join_through(token=TOKEN,
                                             in_browser=in_browser)
            await self.assert_served(client, self.make_pictures(1)[0])
            self.assert_clean(client)
            await client.close()
        # That nobody answers at the second port is in there at times.
        self.assertNotIn(TOKEN, self.nginx.log('error'))
        # Where it must not be, but may be all the same.
        status, _, _ = await peer.try_upgrade(
            self.nginx.port, f'{peer.path_of("demo")}?token={TOKEN}',
            tls=self.tls)
        self.assertEqual(status, 401)

        await self.nginx.stop()
        access = self.nginx.log('access')
        case.progress(access)
        self.assertRegex(access, r'"GET /ws/try-on/demo/" 101 \d+')
        self.assertEqual(access.count('/ws/try-on/demo/'), 4)
        self.assertNotIn(TOKEN, access)

    async def expect_too_many(self, answer):
        status, headers, body = answer
        self.assertEqual(status, 429)
        self.assertEqual(headers['retry-after'], '1')
        self.assertIn('problem+json', headers['content-type'])
        problem = json.loads(body)
        self.assertEqual(problem['status'], 429)
        self.assertEqual(problem['code'], 'RATE_LIMITED')

    @case.bounded(30)
    async def test_connections_of_an_address(self):
        """One more than allowed is refused; when one leaves there is room."""
        port = gstprocess.free_port()
        names = [f's{i}' for i in range(CONNECTIONS + 1)]
        await self.host('server', ' '.join(
            ECHO.format(name=name, port=port, options=f'session-id={name}')
            for name in names))
        await self.proxy(port)
        picture = self.make_pictures(1)[0]
        clients = [await self.join_through(session=name)
                   for name in names[:CONNECTIONS]]
        await self.expect_too_many(await self.ask(session=names[-1]))
        for client in clients:
            await self.assert_served(client, picture)

        await clients[0].close()
        # nginx has yet to see that it has left.
        for _ in range(100):
            try:
                last = await self.join_through(session=names[-1])
                break
            except websockets.InvalidStatusCode as refusal:
                self.assertEqual(refusal.status_code, 429)
                await asyncio.sleep(0.3)
        await self.assert_served(last, picture)

    @case.bounded(20)
    async def test_requests_of_an_address(self):
        """A burst beyond what is allowed; what is within it is answered."""
        await self.serve()
        wanted = BURST * 3
        request = (f'GET {peer.path_of("demo")} HTTP/1.1\r\n'
                   f'Host: localhost:{self.nginx.port}\r\n\r\n').encode()
        reader, writer = await asyncio.open_connection(
            '127.0.0.1', self.nginx.port, ssl=self.tls,
            server_hostname='localhost')
        self.addCleanup(writer.close)
        writer.write(request * wanted)
        statuses = []
        while len(statuses) < wanted:
            head = (await reader.readuntil(b'\r\n\r\n')).decode()
            statuses.append(int(head.split()[1]))
            size = re.search(r'content-length: (\d+)', head, re.I)
            await reader.readexactly(int(size[1]))
        case.progress(f'{statuses.count(426)} answered by the pipeline, '
                      f'{statuses.count(429)} refused')
        self.assertEqual(set(statuses), {426, 429})
        self.assertEqual(statuses[:BURST], [426] * BURST)
        await self.expect_too_many(await self.ask())

    @case.bounded(20)
    async def test_goodbye(self):
        """The pipeline's end, as its client sees it through the proxy."""
        server = await self.serve()
        client = await self.join_through()
        await self.assert_served(client, self.make_pictures(1)[0])
        server.ask_to_end()
        bye = await client.expect('bye')
        case.progress(f'{bye}')
        await self.poll(lambda: client.is_closed, 'close')
        self.assertEqual(client.close_code, 1001)
        self.assert_clean(client)

    @case.bounded(30)
    async def test_two_pipelines(self):
        """A session goes to the same pipeline again; to the other one while
        that has a client; and a third finds no room."""
        servers = [
            await self.host(f'server {i}', ECHO.format(
                name='src', port=0, options='')) for i in range(2)]
        await self.proxy(*[await server.port() for server in servers])
        picture = self.make_pictures(1)[0]
        homes = collections.defaultdict(set)
        for session in ['a', 'b', 'c'] * 2:
            client = await self.join_through(session=session)
            await self.assert_served(client, picture)
            homes[session].update(await self.wait_homes(servers, 1))
            await client.close()
            await self.wait_homes(servers, 0)
        case.progress(f'{dict(homes)}')
        self.assertEqual([len(found) for found in homes.values()], [1] * 3)

        # Of three, two have the same home.
        pair = next(pair for pair in itertools.combinations(homes, 2)
                    if homes[pair[0]] == homes[pair[1]])
        clients = [await self.join_through(session=session)
                   for session in pair]
        for client in clients:
            await self.assert_served(client, picture)
        await self.wait_homes(servers, 2)
        status, headers, _ = await self.ask(session='d')
        self.assertEqual(status, 503)
        self.assertEqual(headers['retry-after'], '1')

    @case.bounded(20)
    async def test_taking_over(self):
        """A client that comes back before it is known to be gone."""
        await self.serve()
        picture = self.make_pictures(1)[0]
        first = await self.join_through()
        await self.assert_served(first, picture)
        second = await self.join_through()
        await self.assert_served(second, picture)
        await self.poll(lambda: first.is_closed, 'close')
        self.assertEqual(first.close_code, 4000)
        self.assert_clean(second)

    async def wait_homes(self, servers, count, limit=5):
        """The names of those who have a client, when there are `count`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        while True:
            stats = [await server.get('src', 'stats') for server in servers]
            homes = [server.name for server, s in zip(servers, stats)
                     if s.get('session', {}).get('connected')]
            if len(homes) == count:
                return homes
            self.assertLess(loop.time(), deadline, f'clients at {homes}')
            await asyncio.sleep(0.02)

    async def fetch(self, port, path, tls=None, name='localhost'):
        """Status, headers and body of an ordinary request."""
        return await peer.try_upgrade(port, path, tls=tls, headers={
            'Connection': 'close', 'Upgrade': None, 'Host': name})

    @case.bounded(20)
    async def test_page(self):
        """The page comes over TLS only, as browsers want it for a camera; and
        other names than nginx's are not answered."""
        await self.serve()
        status, headers, body = await self.fetch(self.nginx.port, '/',
                                                 self.tls)
        self.assertEqual((status, body), (200, b'the page\n'))
        self.assertIn('max-age=', headers['strict-transport-security'])
        self.assertEqual(headers['permissions-policy'], 'camera=(self)')
        self.assertEqual(headers['server'], 'nginx')
        status, headers, _ = await self.fetch(self.nginx.http_port, '/x')
        self.assertEqual(status, 301)
        self.assertEqual(headers['location'], 'https://localhost/x')
        status, _, _ = await self.fetch(
            self.nginx.port, peer.path_of('x' * 129), self.tls)
        self.assertEqual(status, 404)
        status, _, _ = await peer.try_upgrade(
            self.nginx.port, peer.path_of('demo'), tls=self.tls,
            headers={'X-Long': 'x' * 5000})
        self.assertEqual(status, 400)
        with self.assertRaises(ssl.SSLError):
            await asyncio.open_connection(
                '127.0.0.1', self.nginx.port, ssl=self.tls,
                server_hostname='other.example')
        with self.assertRaises((asyncio.IncompleteReadError, ConnectionError)):
            await self.fetch(self.nginx.port, '/', self.tls, 'other.example')


class Page(case.IntegrationCase):
    """The rest of docs/deployment.md."""

    def commands(self):
        """What it has one do, by hand and in the unit; without what needs
        root, or more than this project."""
        lines = []
        for text in blocks('sh'):
            lines += text.replace('\\\n', ' ').splitlines()
        for text in blocks('ini'):
            lines += re.findall(r'^ExecStart=(.*)$', text, re.M)
        for line in lines:
            if line.startswith('sudo '):
                case.progress(f'not run: {line}')
            else:
                case.progress(line)
                yield line.split(maxsplit=1)

    async def check_pipeline(self, line, picture):
        """It serves a client, at another port, and ends with its answers sent
        and a goodbye."""
        port = gstprocess.free_port()
        line, places = re.subn(r'\bport=(\d+|%i)', f'port={port}', line)
        self.assertEqual(places, 1)
        pipeline = await self.launch(line, line)
        await wait_playing(pipeline)
        certificate = re.search(r'\bcertificate=(\S+)', line)
        tls = certificate and ssl.create_default_context(
            cafile=certificate[1])
        client = await self.join(port, tls=tls)
        await self.assert_served(client, picture)
        pipeline.ask_to_end()
        await pipeline.wait_exit(5)
        await self.poll(lambda: client.is_closed, 'close')
        self.assertEqual(client.close_code, 1001)

    @case.bounded(60)
    async def test_commands(self):
        """In their order, in an empty folder."""
        picture = self.make_pictures(1)[0]
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        pipelines = 0
        for name, rest in self.commands():
            if pathlib.Path(name).name == 'gst-launch-1.0':
                await self.check_pipeline(rest, picture)
                pipelines += 1
            else:
                command = await asyncio.create_subprocess_shell(
                    f'{name} {rest}', stdin=asyncio.subprocess.DEVNULL)
                self.assertEqual(await command.wait(), 0)
        self.assertEqual(pipelines, 4)
        self.assertEqual(pathlib.Path('tryon-key.pem').stat().st_mode & 0o777,
                         0o600)

    @case.bounded(20)
    async def test_timeouts(self):
        """A connection at rest outlives what nginx waits for, and a request
        that nginx takes is not too long for tryonwssrc."""
        text, = blocks('nginx')
        host = await self.host('server', ECHO.format(name='src', port=0,
                                                     options=''))
        seconds = int(re.search(r'proxy_read_timeout (\d+)s;', text)[1])
        interval = await host.get('src', 'ping-interval')
        self.assertGreater(seconds * 1000, interval * 2)
        first = re.search(r'client_header_buffer_size (\d+)k;', text)
        more = re.search(r'large_client_header_buffers (\d+) (\d+)k;', text)
        header = int(first[1]) + int(more[1]) * int(more[2])
        # And what nginx adds.
        self.assertLess(header * 1024 + 1024,
                        await host.get('src', 'max-header-bytes'))

    @case.bounded(20)
    async def test_unit(self):
        """Where there is a systemd, it has no complaints."""
        if shutil.which('systemd-analyze') is None:
            case.progress('not checked: there is no systemd-analyze')
            return
        name = re.search(r'/etc/systemd/system/(\S+@)\.service', page())[1]
        text, = blocks('ini')
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / f'{name}8001.service'
            path.write_text(text)
            check = await asyncio.create_subprocess_exec(
                'systemd-analyze', 'verify', str(path),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT)
            said, _ = await check.communicate()
        self.assertEqual((check.returncode, said.decode()), (0, ''))

    @case.bounded(20)
    async def test_limits(self):
        """All limits of tryonwssrc are there, with their defaults."""
        told = dict(re.findall(r'^\| `([a-z-]+)` \| (\d+) \|', page(), re.M))
        host = await self.host('server', ECHO.format(name='src', port=0,
                                                     options=''))
        for name, value in told.items():
            self.assertEqual(await host.get('src', name), int(value), name)
        data = pathlib.Path(os.environ['TRYON_TEST_DATA'])
        known = re.findall(r'^  (max-[\w-]+|[\w-]+-timeout|ping-interval) *: ',
                           (data / 'inspect/tryonwssrc.txt').read_text(), re.M)
        self.assertGreater(len(known), 5)
        self.assertEqual(set(told), set(known))


if __name__ == '__main__':
    case.main(NGINX)
