# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test vectors of the protocol, over a real socket: what is good passes,
what is bad gets the error that the vector names, and nothing ends the
conversation."""

import asyncio
import base64
import json
import os
import pathlib
import re
import sys
import tempfile
import unittest

import case
import peer

FRAME_KINDS = {'frame': peer.FRAME, 'processed_frame': peer.PROCESSED_FRAME,
               'frame_dropped': peer.FRAME_DROPPED}


def load(name):
    folder = pathlib.Path(os.environ['TRYON_TEST_DATA']) / 'protocol'
    with open(folder / f'{name}.json', encoding='utf-8') as file:
        return json.load(file)


class Vectors(case.IntegrationCase):
    async def serve(self):
        host = await self.host(
            'server', 'tryonwssrc name=src port=0 ! tryonwssink')
        self.port = await host.port()
        self.client = await self.join(self.port)
        return host

    async def ping(self):
        """What was sent before has been seen to when the answer is here."""
        after = len(self.client.messages)
        # No vector has this one.
        t0 = after + 0.25
        await self.client.send_message('ping', t0=t0)
        await self.client.wait_until(
            lambda: any(message.get('t0') == t0
                        for message in self.client.messages[after:]), 'pong')
        return self.client.messages[after:]

    async def error_of(self, send, name):
        """The one error message that something sent is answered with."""
        after = len(self.client.messages)
        await send
        errors = [message for message in await self.ping()
                  if message['type'] == 'error']
        self.assertEqual(len(errors), 1, f'{name}: '
                         f'{self.client.messages[after:]}')
        self.assertTrue(errors[0]['recoverable'], name)
        return errors[0]

    @case.bounded(30)
    async def test_rules(self):
        """The peer's own numbers, and which paths are served."""
        rules = load('rules')
        self.assertEqual(rules['version'], peer.VERSION)
        self.assertEqual(rules['header_size'], peer.HEADER.size)
        self.assertEqual(rules['subprotocol'], peer.SUBPROTOCOL)
        self.assertEqual(rules['token_prefix'], peer.TOKEN_PREFIX)
        self.assertEqual(rules['frame_types'], FRAME_KINDS)
        self.assertEqual(rules['frame_flags'],
                         {'not_processed': peer.NOT_PROCESSED})
        self.assertEqual(rules['drop_reasons'],
                         {nick: code for code, nick in peer.REASONS.items()})
        self.assertEqual(set(rules['error_codes']), peer.ERROR_CODES)
        self.assertEqual(set(rules['server_messages']),
                         set(peer.MESSAGE_FIELDS))

        await self.serve()
        limits = rules['limits']
        self.assertEqual(self.client.config['max_in_flight'],
                         limits['max_in_flight'])
        self.assertEqual(self.client.config['target_fps'],
                         limits['target_fps'])
        self.assertEqual(self.client.config['max_resolution'],
                         {'width': limits['max_width'],
                          'height': limits['max_height']})
        await self.client.close()
        for vector in rules['paths']:
            path = vector['path']
            # As request targets these are something else.
            if not path.startswith('/') or '?' in path:
                continue
            status, _, body = await peer.try_upgrade(self.port, path)
            # The session may still be busy with the one before.
            self.assertIn(status, (101, 503) if vector['id'] else (400, 404),
                          (path, body))

    @case.bounded(30)
    async def test_headers(self):
        vectors = load('headers')
        for vector in vectors['good']:
            message = bytes.fromhex(vector['message'])
            answer = peer.Answer(peer.HEADER.unpack_from(message),
                                 message[peer.HEADER.size:], 0)
            for field in ('type', 'flags', 'sequence', 'latency',
                          'ai_latency', 'payload_length'):
                self.assertEqual(getattr(answer, field), vector[field],
                                 vector['name'])
            self.assertEqual(answer.timestamp, int(vector['timestamp']))
            # Flags of a later version are to be taken, but not to be sent.
            known = {peer.FRAME: (), peer.FRAME_DROPPED: peer.REASONS,
                     peer.PROCESSED_FRAME: (0, peer.NOT_PROCESSED)}
            if vector['canonical'] and answer.flags in known[answer.type]:
                self.assertEqual(list(peer.header_faults(answer)), [],
                                 vector['name'])

        await self.serve()
        for vector in vectors['bad']:
            message = bytes.fromhex(vector['message'])
            code, is_frame = vector['error'], vector['answered']
            # From a client, no other type is a frame.
            if is_frame and message[1] != peer.FRAME:
                code, is_frame = 'BAD_MESSAGE', False
            send = (self.client.send_packed if is_frame
                    else self.client.send_raw)
            error = await self.error_of(send(message), vector['name'])
            self.assertEqual(error['code'], code, vector['name'])
            self.assertEqual(self.client.outstanding, 0, vector['name'])
        case.progress(f'{len(vectors["good"])} good and '
                      f'{len(vectors["bad"])} bad headers')
        self.assertEqual(set(self.client.reasons), {'invalid'})
        self.assert_clean(self.client)

    @case.bounded(60)
    async def test_messages(self):
        vectors, rules = load('messages'), load('rules')
        # The reference images of the good ones are no images.
        good = [vector for vector in vectors['good']
                if vector['from'] != 'server'
                and vector['type'] != 'upload_reference']
        bad = [vector for vector in vectors['bad'] if 'text' in vector
               and (not vector.get('schema') or
                    vector['name'].split(':')[0] in rules['client_messages'])]
        await self.serve()
        for vector in good:
            await self.client.send_raw(vector['text'])
            errors = [message for message in await self.ping()
                      if message['type'] == 'error']
            self.assertEqual(errors, [], vector['name'])
        for vector in bad:
            error = await self.error_of(
                self.client.send_raw(vector['text']), vector['name'])
            self.assertEqual(error['code'], vector['error'], vector['name'])
            self.assertIn(vector['words'], error['message'], vector['name'])
        case.progress(f'{len(good)} good and {len(bad)} bad messages')
        self.assert_clean(self.client)

    @case.bounded(60)
    async def test_images(self):
        vectors = load('images')
        host = await self.serve()
        largest = self.client.config['max_resolution']
        for vector in vectors['good']:
            data = base64.b64decode(vector['base64'])
            frame = await self.client.send_frame(None, data)
            answer = await self.client.answer_of(frame)
            if (vector['width'] > largest['width']
                    or vector['height'] > largest['height']):
                self.assertEqual(answer.reason, 'too-large', vector['name'])
            elif vector['animated']:
                self.assertEqual(answer.reason, 'invalid', vector['name'])
            else:
                self.assertEqual(answer.payload, data, vector['name'])
        for vector in vectors['bad']:
            data = base64.b64decode(vector['base64'])
            error = await self.error_of(
                self.client.send_frame(None, data), vector['name'])
            self.assertEqual(error['code'], vector['error'], vector['name'])
            if data:
                self.assertIn(vector['words'], error['message'],
                              vector['name'])
            self.assertEqual(self.client.frames[-1].answer.reason, 'invalid')
        case.progress(f'{len(vectors["good"])} good and '
                      f'{len(vectors["bad"])} bad images')
        self.assert_clean(self.client)
        self.assert_account(await host.session_stats())

    @case.bounded(30)
    async def test_example(self):
        """The client that the document ends with."""
        document = pathlib.Path(os.environ['TRYON_PROTOCOL']).read_text()
        program = re.findall(r'```python\n(.*?)```', document, re.S)[-1]
        host = await self.host(
            'server', 'tryonwssrc name=src port=0 ! tryonwssink')
        picture = self.make_pictures(1)[0]
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / 'before').write_bytes(picture.data)
            process = await asyncio.create_subprocess_exec(
                sys.executable, '-c', program,
                f'ws://127.0.0.1:{await host.port()}{peer.path_of("demo")}',
                'before', cwd=folder, stdout=asyncio.subprocess.PIPE)
            try:
                out, _ = await asyncio.wait_for(process.communicate(), 10)
            finally:
                if process.returncode is None:
                    process.kill()
            case.progress(out.decode())
            self.assertEqual(process.returncode, 0)
            self.assertEqual((folder / 'after').read_bytes(), picture.data)
        for sequence in range(10):
            self.assertIn(f'frame {sequence}: ', out.decode())


if __name__ == '__main__':
    unittest.main()
