# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad input costs only itself: each case has its clear words, and right after
it the stream goes on."""

import json
import unittest

import case
import peer

ECHO = 'tryonwssrc name=src port=0 {} ! tryonwssink'


class BadFrames(case.IntegrationCase):
    def setUp(self):
        self.good = self.make_pictures(1)[0]

    async def serve(self, options=''):
        host = await self.host('server', ECHO.format(options))
        self.client = await self.join(await host.port())
        await self.assert_served(self.client, self.good)
        return host

    async def expect_error(self, code, *words):
        """The error message that came: its code, and words that it says."""
        error = await self.client.expect('error')
        case.progress(f'{error["code"]}: {error["message"]}')
        self.assertEqual(error['code'], code)
        self.assertTrue(error['recoverable'])
        for word in words:
            self.assertIn(word.lower(), error['message'].lower())

    async def expect_goes_on(self, host):
        await self.assert_served(self.client, self.good)
        self.assertEqual(len(self.client.errors()), 1)
        self.assert_clean(self.client)
        self.assert_account(await host.session_stats())

    async def expect_dropped(self, host, frame, reason, code, *words):
        answer = await self.client.answer_of(frame)
        self.assertEqual(answer.reason, reason)
        await self.expect_error(code, *words)
        await self.expect_goes_on(host)
        stats = await host.session_stats()
        self.assertEqual(stats['dropped-by-reason'][reason], 1)

    @case.bounded(20)
    async def test_not_an_image(self):
        host = await self.serve()
        frame = await self.client.send_frame(
            self.good, b'This is no image, however long you look at it. ' * 9)
        await self.expect_dropped(host, frame, 'invalid', 'INVALID_FRAME',
                                  str(frame.sequence))

    @case.bounded(20)
    async def test_empty_frame(self):
        host = await self.serve()
        frame = await self.client.send_frame(self.good, b'')
        await self.expect_dropped(host, frame, 'invalid', 'INVALID_FRAME',
                                  str(frame.sequence))

    @case.bounded(20)
    async def test_truncated_image(self):
        host = await self.serve()
        data = self.good.data
        frame = await self.client.send_frame(self.good, data[:len(data) // 2])
        await self.expect_dropped(host, frame, 'invalid', 'INVALID_FRAME',
                                  str(frame.sequence))

    @case.bounded(20)
    async def test_damaged_inside(self):
        """A whole file that only the decoder finds wrong."""
        host = await self.host(
            'server',
            f'tryonwssrc name=src port=0 ! {case.TINT} ! tryonwssink')
        self.client = await self.join(await host.port())
        await self.assert_served(self.client, self.good, tinted=True)
        damaged = self.good.data[:30].ljust(len(self.good.data), b'\xff')
        frame = await self.client.send_frame(self.good, damaged)
        answer = await self.client.answer_of(frame)
        self.assertEqual(answer.reason, 'invalid')
        await self.expect_error('INVALID_FRAME', str(frame.sequence))
        await self.assert_served(self.client, self.good, tinted=True)
        self.assert_clean(self.client)
        stats = await host.session_stats()
        self.assert_account(stats)
        self.assertEqual(stats['dropped-by-reason']['invalid'], 1)

    @case.bounded(20)
    async def test_payload_length_lies(self):
        host = await self.serve()
        length = len(self.good.data)
        frame = await self.client.send_frame(self.good,
                                             payload_length=length + 1000)
        await self.expect_dropped(host, frame, 'invalid', 'INVALID_FRAME',
                                  str(frame.sequence), str(length),
                                  str(length + 1000))

    @case.bounded(20)
    async def test_too_wide(self):
        host = await self.serve('max-width=640 max-height=480')
        wide = self.make_pictures(1, (656, 480))[0]
        frame = await self.client.send_frame(wide)
        await self.expect_dropped(host, frame, 'too-large', 'FRAME_TOO_LARGE',
                                  '656', '640')

    @case.bounded(20)
    async def test_too_high(self):
        host = await self.serve('max-width=640 max-height=480')
        high = self.make_pictures(1, (640, 496))[0]
        frame = await self.client.send_frame(high)
        await self.expect_dropped(host, frame, 'too-large', 'FRAME_TOO_LARGE',
                                  '496', '480')

    @case.bounded(20)
    async def test_too_many_bytes(self):
        self.good = self.make_pictures(1, (160, 120))[0]
        limit = len(self.good.data) + 1000
        host = await self.serve(f'max-frame-bytes={limit}')
        heavy = self.make_pictures(1)[0]
        frame = await self.client.send_frame(heavy)
        await self.expect_dropped(host, frame, 'too-large', 'FRAME_TOO_LARGE',
                                  str(len(heavy.data)), str(limit))

    @case.bounded(20)
    async def test_wrong_version(self):
        host = await self.serve()
        data = self.good.data
        await self.client.send_raw(
            peer.pack_header(len(data), 1, version=7) + data)
        await self.expect_error('BAD_MESSAGE', 'version', '7', '1')
        await self.expect_goes_on(host)

    @case.bounded(20)
    async def test_unknown_type(self):
        host = await self.serve()
        data = self.good.data
        await self.client.send_raw(
            peer.pack_header(len(data), 1, kind=9) + data)
        await self.expect_error('BAD_MESSAGE', 'type', '9')
        await self.expect_goes_on(host)

    @case.bounded(20)
    async def test_servers_type(self):
        host = await self.serve()
        data = self.good.data
        await self.client.send_raw(peer.pack_header(
            len(data), 1, kind=peer.PROCESSED_FRAME) + data)
        await self.expect_error('BAD_MESSAGE')
        await self.expect_goes_on(host)

    @case.bounded(20)
    async def test_shorter_than_header(self):
        host = await self.serve()
        await self.client.send_raw(b'\x01\x01' + bytes(20))
        await self.expect_error('BAD_MESSAGE', '22', '32')
        await self.expect_goes_on(host)

    @case.bounded(20)
    async def test_text_is_no_json(self):
        host = await self.serve()
        await self.client.send_raw('Hello there!')
        await self.expect_error('BAD_MESSAGE', 'JSON', 'byte 0')
        await self.expect_goes_on(host)

    @case.bounded(20)
    async def test_json_is_cut_off(self):
        host = await self.serve()
        await self.client.send_raw('{"type": "control", "action"')
        await self.expect_error('BAD_MESSAGE', 'ends', 'byte 28')
        await self.expect_goes_on(host)

    @case.bounded(20)
    async def test_json_too_deep(self):
        host = await self.serve()
        await self.client.send_raw(
            '{"type": "ping", "t0": 1, "x": ' + '[' * 100000)
        await self.expect_error('BAD_MESSAGE', '16')
        await self.expect_goes_on(host)

    @case.bounded(20)
    async def test_frame_before_init(self):
        host = await self.host('server', ECHO.format(''))
        self.client = await self.connect(await host.port())
        frame = await self.client.send_frame(self.good)
        answer = await self.client.answer_of(frame)
        self.assertEqual(answer.reason, 'invalid')
        await self.expect_error('BAD_MESSAGE', 'init_session')
        await self.client.init_session()
        await self.expect_goes_on(host)


class Refusals(case.IntegrationCase):
    """Who must not come in is told why over HTTP, and others come in."""

    async def serve(self, options):
        host = await self.host('server', ECHO.format(options))
        self.port = await host.port()

    async def expect_refused(self, status, code, *words, session='demo',
                             **request):
        got, headers, body = await peer.try_upgrade(
            self.port, peer.path_of(session), **request)
        case.progress(f'{got}: {body.decode()}')
        self.assertEqual(got, status)
        self.assertEqual(headers['content-type'].split(';')[0],
                         'application/problem+json')
        problem = json.loads(body)
        self.assertEqual(problem['status'], status)
        self.assertEqual(problem['code'], code)
        for field in ('type', 'title', 'detail'):
            self.assertIsInstance(problem[field], str)
        for word in words:
            self.assertIn(word, problem['detail'])
        return headers

    async def expect_served(self, **options):
        client = await self.join(self.port, **options)
        await self.assert_served(client, self.make_pictures(1)[0])
        self.assert_clean(client)
        return client

    @case.bounded(20)
    async def test_unknown_session(self):
        await self.serve('session-id=demo')
        await self.expect_refused(404, 'SESSION_EXPIRED', session='other')
        await self.expect_served()

    @case.bounded(20)
    async def test_wrong_token(self):
        await self.serve('token=right')
        for headers in ({}, {'Authorization': 'Bearer wrong'},
                        {'Sec-WebSocket-Protocol':
                         'tryon.v1, tryon.token.wrong'}):
            answer = await self.expect_refused(401, 'UNAUTHORIZED',
                                               headers=headers)
            self.assertIn('bearer', answer['www-authenticate'].lower())
        client = await self.expect_served(token='right')
        await client.close()
        await self.expect_served(token='right', in_browser=True)

    @case.bounded(20)
    async def test_other_origin(self):
        await self.serve('allowed-origins=https://shop.example')
        await self.expect_refused(
            403, 'UNAUTHORIZED', 'https://other.example',
            headers={'Origin': 'https://other.example'})
        await self.expect_served(origin='https://shop.example')

    @case.bounded(20)
    async def test_bad_handshake(self):
        await self.serve('')
        answer = await self.expect_refused(405, 'BAD_MESSAGE', method='POST')
        self.assertEqual(answer['allow'], 'GET')
        answer = await self.expect_refused(
            426, 'BAD_MESSAGE', headers={'Connection': None, 'Upgrade': None})
        self.assertEqual(answer['upgrade'], 'websocket')
        for headers in ({'Sec-WebSocket-Protocol': None},
                        {'Sec-WebSocket-Protocol': 'tryon.v2'},
                        {'Sec-WebSocket-Version': '8'},
                        {'Sec-WebSocket-Key': None}):
            answer = await self.expect_refused(400, 'BAD_MESSAGE',
                                               headers=headers)
            self.assertEqual(answer['sec-websocket-version'], '13')
        await self.expect_served()

    @case.bounded(20)
    async def test_busy(self):
        """A client of another session while one is served; which is not
        harmed."""
        await self.serve('')
        first = await self.expect_served()
        answer = await self.expect_refused(503, 'SESSION_LIMIT',
                                           session='other')
        self.assertEqual(answer['retry-after'], '1')
        await self.assert_served(first, self.make_pictures(1)[0])
        # When it has left there is room.
        await first.close()
        await self.expect_served(session='other')

    @case.bounded(20)
    async def test_taken_over(self):
        """A client of the same session takes it over, if it may."""
        await self.serve('token=right')
        first = await self.expect_served(token='right')
        await self.expect_refused(401, 'UNAUTHORIZED',
                                  headers={'Authorization': 'Bearer wrong'})
        await self.assert_served(first, self.make_pictures(1)[0])
        await self.expect_served(token='right')
        await self.poll(lambda: first.is_closed, 'close')
        self.assertEqual(first.close_code, 4000)


if __name__ == '__main__':
    unittest.main()
