# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS that tryonwssrc does by itself."""

import asyncio
import os
import pathlib
import re
import shlex
import ssl
import tempfile
import unittest
import warnings

import case
import gstprocess
import peer

COUNT = 100
DISTINCT = 30
FPS = 30
PATIENCE = 1000


class Tls(case.IntegrationCase):
    async def serve(self, options=''):
        path = case.certificate()
        self.server = await self.host(
            'server', f'tryonwssrc name=src port=0 certificate={path} '
            f'private-key={path} {options} ! tryonwssink')
        self.port = await self.server.port()
        self.tls = case.trusting()
        self.picture = self.make_pictures(1)[0]

    async def assert_goes_on(self):
        client = await self.join(self.port, tls=self.tls)
        await self.assert_served(client, self.picture)
        self.assert_clean(client)

    @case.bounded(40)
    async def test_frames(self):
        """A camera's frames there and back, over wss."""
        await self.serve()
        made = self.make_pictures(DISTINCT)
        client = await self.join(self.port, tls=self.tls)
        case.progress(f'{client.websocket.transport.get_extra_info("cipher")}')
        await client.stream(made, COUNT, FPS, window=1)
        await client.all_answered()
        self.assert_clean(client)
        self.assertEqual(len(client.images), COUNT)
        for frame in client.images:
            self.assertEqual(frame.answer.payload, frame.picture.data)
        self.assert_account(await self.server.session_stats())

    async def wait_closed(self, reader, limit):
        """Until the server has closed; what it said, and the seconds."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            said = await asyncio.wait_for(reader.read(), limit)
        except ConnectionError:
            said = b''
        except asyncio.TimeoutError:
            self.fail(f'still open after {limit} s')
        return said, loop.time() - start

    async def knock(self, words):
        """A connection without TLS; says so."""
        reader, writer = await asyncio.open_connection('127.0.0.1', self.port)
        self.addCleanup(writer.close)
        writer.write(words)
        return reader

    @case.bounded(30)
    async def test_no_tls(self):
        """Who speaks plain WebSocket, or nothing at all, or half a hello, is
        gone in time; one that is served beside them notices nothing."""
        await self.serve(f'handshake-timeout={PATIENCE}')
        client = await self.join(self.port, tls=self.tls)
        request = (f'GET {peer.path_of("demo")} HTTP/1.1\r\n'
                   'Host: 127.0.0.1\r\nConnection: Upgrade\r\n'
                   'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
                   'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
                   'Sec-WebSocket-Protocol: tryon.v1\r\n\r\n').encode()
        # A record of a handshake, of 512 bytes that do not come.
        hello = b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'
        silent = [await self.knock(words) for words in (b'', hello)]
        plain = await self.knock(request)
        feed = asyncio.create_task(
            client.stream([self.picture], FPS * 3, FPS, window=1))
        self.addCleanup(feed.cancel)

        said, seconds = await self.wait_closed(plain, 10)
        case.progress(f'plain: {said[:20]} after {seconds * 1000:.0f} ms')
        self.assertNotIn(b'HTTP', said)
        for reader in silent:
            said, seconds = await self.wait_closed(reader, 10)
            case.progress(f'silent: {said[:20]} after {seconds * 1000:.0f} ms')
            self.assertNotIn(b'HTTP', said)
        await feed
        await client.all_answered()
        self.assert_clean(client)
        self.assertEqual(len(client.images), FPS * 3)
        stats = await self.wait_alone()
        self.assertGreaterEqual(stats['handshakes-timed-out'], 2)

    async def wait_alone(self, limit=5):
        """The listener's stats, when only the one that is served is left."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        while True:
            stats = (await self.server.get('src', 'stats'))['listener']
            if (stats['connections'], stats['connections-pending']) == (1, 0):
                case.progress(f'{stats}')
                return stats
            self.assertLess(loop.time(), deadline, stats)
            await asyncio.sleep(0.02)

    @case.bounded(20)
    async def test_no_trust(self):
        """A client that does not trust the certificate goes away; and one
        that the certificate is not for."""
        await self.serve()
        with self.assertRaises(ssl.SSLCertVerificationError):
            await self.connect(self.port, tls=ssl.create_default_context())
        with self.assertRaises(ssl.SSLCertVerificationError):
            await asyncio.open_connection('127.0.0.1', self.port, ssl=self.tls,
                                          server_hostname='other.example')
        await self.assert_goes_on()

    @case.bounded(20)
    async def test_old_versions(self):
        """With what docs/deployment.md says of them they are not spoken."""
        page = pathlib.Path(os.environ['TRYON_PROTOCOL']).parent
        setting = re.search(r'`(G_TLS_GNUTLS_PRIORITY)=(\S+)`',
                            (page / 'deployment.md').read_text())
        os.environ[setting[1]] = setting[2]
        self.addCleanup(os.environ.pop, setting[1])
        await self.serve()
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                await self.connect(self.port, tls=self.only(version))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client = await self.join(self.port, tls=self.only(version))
            await self.assert_served(client, self.picture)
            await client.close()

    def only(self, version):
        """A client of this version, however old."""
        context = case.trusting()
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        # Else OpenSSL refuses by itself.
        context.set_ciphers('DEFAULT:@SECLEVEL=0')
        return context


class Settings(case.IntegrationCase):
    """What can't be used is an error that says which property, which file."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.good = case.certificate()

    async def expect_error(self, options, *words):
        server = await gstprocess.Host.run(
            'server', os.environ['TRYON_HOST'], *shlex.split(
                f'tryonwssrc name=src port=0 {options} ! tryonwssink'))
        try:
            code = await server.wait_exit(10)
        finally:
            if server.process.returncode is None:
                await server.kill()
        errors = [message for message in server.messages
                  if message.get('message') == 'error'
                  and message['source'] == 'src']
        # GstBaseSrc adds one of its own behind, for those who say nothing.
        self.assertEqual((code, len(errors)), (1, 2), server.say_why())
        case.progress(errors[0]['text'])
        for word in words:
            self.assertIn(word, errors[0]['text'])

    @case.bounded(20)
    async def test_no_file(self):
        missing = self.folder / 'missing.pem'
        await self.expect_error(
            f'certificate={missing} private-key={self.good}',
            str(missing), "'certificate'")
        await self.expect_error(
            f'certificate={self.good} private-key={missing}',
            str(missing), "'private-key'")

    @case.bounded(20)
    async def test_no_certificate_in_it(self):
        other = self.folder / 'other.pem'
        other.write_text('No certificate.\n')
        await self.expect_error(
            f'certificate={other} private-key={self.good}',
            str(other), "'certificate'")
        await self.expect_error(
            f'certificate={self.good} private-key={other}',
            str(other), "'private-key'")

    @case.bounded(20)
    async def test_half(self):
        """One of the two is no setting: not silently without TLS."""
        await self.expect_error(f'certificate={self.good}',
                                "'private-key'")
        await self.expect_error(f'private-key={self.good}',
                                "'certificate'")

    @case.bounded(20)
    async def test_another_key(self):
        """The key of another certificate."""
        key = self.folder / 'key.pem'
        command = await asyncio.create_subprocess_exec(
            'openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt',
            'ec_paramgen_curve:P-256', '-out', str(key))
        self.assertEqual(await command.wait(), 0)
        await self.expect_error(
            f'certificate={self.good} private-key={key}',
            str(key), "'private-key'")


if __name__ == '__main__':
    unittest.main()
