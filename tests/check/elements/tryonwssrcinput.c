/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Input that tryonwssrc must not let disturb it: each with its clear error, and
 * the stream going on. */

#include "wspipeline.h"

#define ECHO "tryonwssrc name=src port=0 max-width=640 max-height=480 " \
    "max-frame-bytes=100000 ! tryonwssink"

static void
expect_error (WsClient * client, const gchar * code, const gchar * words)
{
  GstStructure *error = ws_client_next_text (client, "error");
  const gchar *message = gst_structure_get_string (error, "message");
  gboolean recoverable = FALSE;

  GST_INFO ("%s", message);
  fail_unless_equals_string (gst_structure_get_string (error, "code"), code);
  fail_unless (strstr (message, words) != NULL, "'%s' is not in: %s", words,
      message);
  fail_unless (gst_structure_get_boolean (error, "recoverable", &recoverable));
  fail_unless (recoverable);
  gst_structure_free (error);
}

static void
expect_drop (WsClient * client, guint32 sequence, GstTryonDropReason reason)
{
  GstTryonFrameHeader header;

  fail_unless (ws_client_next_answer (client, &header) == NULL);
  fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_DROPPED);
  fail_unless_equals_int (header.sequence, sequence);
  fail_unless_equals_int (header.flags, reason);
}

/* A frame message whose @image is @base64, less @cut bytes of its end, with
 * @byte at @at of the message set to @value. */
static GBytes *
spoil (guint32 sequence, const gchar * base64, gsize cut, gsize at,
    guint8 value)
{
  GBytes *whole = ws_image (base64), *image, *frame;
  guint8 *data;
  gsize size;

  image = g_bytes_new_from_bytes (whole, 0, g_bytes_get_size (whole) - cut);
  frame = ws_frame (sequence, image);
  g_bytes_unref (whole);
  g_bytes_unref (image);
  data = g_bytes_unref_to_data (frame, &size);
  if (at < size)
    data[at] = value;
  return g_bytes_new_take (data, size);
}

#define WHOLE G_MAXSIZE

GST_START_TEST (test_bad_frames)
{
  const struct
  {
    const gchar *name;
    const gchar *image;
    gsize cut;
    gsize at;
    guint8 value;
    const gchar *code;
    const gchar *words;
    GstTryonDropReason reason;  /* 0: it is no frame, nothing answers it */
  } rows[] = {
    {"not an image", "bm8gaW1hZ2Ugb2Yga25vd24ga2luZA==", 0, WHOLE, 0,
        "INVALID_FRAME", "frame 1", GST_TRYON_DROP_REASON_INVALID},
    {"a truncated WebP", WS_WEBP, 10, WHOLE, 0, "INVALID_FRAME", "frame 1",
        GST_TRYON_DROP_REASON_INVALID},
    {"a truncated PNG", WS_PNG, 10, WHOLE, 0, "INVALID_FRAME", "frame 1",
        GST_TRYON_DROP_REASON_INVALID},
    {"a truncated JPEG", WS_JPEG, 10, WHOLE, 0, "INVALID_FRAME", "frame 1",
        GST_TRYON_DROP_REASON_INVALID},
    {"no image", "", 0, WHOLE, 0, "INVALID_FRAME", "",
        GST_TRYON_DROP_REASON_INVALID},
    {"a payload length that lies", WS_PNG, 0, 27, 1, "INVALID_FRAME", "",
        GST_TRYON_DROP_REASON_INVALID},
    {"a wrong version", WS_PNG, 0, 0, 2, "BAD_MESSAGE", "version", 0},
    {"an unknown type", WS_PNG, 0, 1, 9, "BAD_MESSAGE", "type", 0},
    {"a server's type", WS_PNG, 0, 1, GST_TRYON_FRAME_TYPE_PROCESSED,
        "BAD_MESSAGE", "type", 0},
    /* Bytes 18 and 19 of a PNG are the low half of its width: 32 further on. */
    {"a PNG that is too wide", WS_PNG, 0, 32 + 18, 0x03, "FRAME_TOO_LARGE",
        "640x480", GST_TRYON_DROP_REASON_TOO_LARGE},
    {"a PNG that is too high", WS_PNG, 0, 32 + 22, 0x03, "FRAME_TOO_LARGE",
        "640x480", GST_TRYON_DROP_REASON_TOO_LARGE},
    {"a PNG without width", WS_PNG, 0, 32 + 19, 0, "INVALID_FRAME", "frame 1",
        GST_TRYON_DROP_REASON_INVALID},
  };
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    WsClient *client = ws_client_new (p->port, "a");

    GST_INFO ("%s", rows[i].name);
    ws_client_init (client);
    ws_client_echo (client, 0, WS_WEBP);
    ws_client_send_binary (client, spoil (1, rows[i].image, rows[i].cut,
            rows[i].at, rows[i].value));
    expect_error (client, rows[i].code, rows[i].words);
    if (rows[i].reason != 0)
      expect_drop (client, 1, rows[i].reason);
    ws_client_echo (client, 2, WS_JPEG);
    ws_client_close (client);
  }
  ws_pipeline_free (p);
}

GST_END_TEST;

GST_START_TEST (test_frame_with_too_many_bytes)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  WsClient *client = ws_client_new (p->port, "a");
  guint8 *zeros = g_malloc0 (100001);
  GBytes *image = g_bytes_new_take (zeros, 100001);

  ws_client_init (client);
  ws_client_send_binary (client, ws_frame (1, image));
  expect_error (client, "FRAME_TOO_LARGE", "100000");
  expect_drop (client, 1, GST_TRYON_DROP_REASON_TOO_LARGE);
  ws_client_echo (client, 2, WS_PNG);
  ws_client_close (client);
  g_bytes_unref (image);
  ws_pipeline_free (p);
}

GST_END_TEST;

GST_START_TEST (test_short_binary_messages)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  WsClient *client = ws_client_new (p->port, "a");
  guint8 bytes[GST_TRYON_PROTOCOL_HEADER_SIZE] = { 1, 1 };
  guint size;

  ws_client_init (client);
  for (size = 0; size < sizeof (bytes); size++) {
    ws_client_send_binary (client, g_bytes_new (bytes, size));
    expect_error (client, "BAD_MESSAGE", "32");
  }
  ws_client_echo (client, 1, WS_PNG);
  ws_client_close (client);
  ws_pipeline_free (p);
}

GST_END_TEST;

GST_START_TEST (test_bad_texts)
{
  static const gchar *const texts[] = {
    "", "hello", "{", "[]", "null", "{}", "{\"type\":1}", "{\"type\":\"\"}",
    "{\"type\":\"control\"}", "{\"type\":\"control\",\"action\":7}",
    "{\"type\":\"upload_reference\"}", "{\"type\":\"ping\",\"t0\":\"now\"}",
    "{\"type\":\"capture\",\"save_to_collection\":\"yes\"}",
  };
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  WsClient *client = ws_client_new (p->port, "a");
  gchar *deep = g_strnfill (80000, '[');
  guint i;

  ws_client_init (client);
  for (i = 0; i < G_N_ELEMENTS (texts); i++) {
    ws_client_send_text (client, texts[i]);
    expect_error (client, "BAD_MESSAGE", "");
  }
  ws_client_send_text (client, deep);
  expect_error (client, "BAD_MESSAGE", "");
  /* What it doesn't know, it ignores. */
  ws_client_send_text (client, "{\"type\":\"greeting\",\"to\":\"you\"}");
  ws_client_echo (client, 1, WS_PNG);
  ws_client_close (client);
  g_free (deep);
  ws_pipeline_free (p);
}

GST_END_TEST;

GST_START_TEST (test_frames_before_the_introduction)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  WsClient *client = ws_client_new (p->port, "a");

  ws_client_send_frame (client, 1, WS_PNG);
  expect_error (client, "BAD_MESSAGE", "init_session");
  expect_drop (client, 1, GST_TRYON_DROP_REASON_INVALID);
  ws_client_init (client);
  ws_client_echo (client, 2, WS_PNG);
  ws_client_close (client);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* Only a message that could fill the memory ends its connection, and then the
 * next client comes. */
GST_START_TEST (test_message_too_large)
{
  WsPipeline *p = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "max-frame-bytes=1000 max-message-bytes=2000 ! tryonwssink");
  WsClient *client = ws_client_new (p->port, "a");

  ws_client_init (client);
  ws_client_send_binary (client, g_bytes_new_take (g_malloc0 (2001), 2001));
  fail_unless_equals_int (ws_client_wait_closed (client), 1009);
  ws_client_free (client);

  client = ws_client_new (p->port, "a");
  ws_client_init (client);
  ws_client_send_text (client, "{\"type\":\"greeting\"}");
  ws_client_echo (client, 1, WS_PNG);
  ws_client_close (client);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* max-frame-bytes is what counts where the two contradict each other. */
GST_START_TEST (test_message_limit_makes_room_for_frames)
{
  WsPipeline *p = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "max-frame-bytes=5000 max-message-bytes=1024 ! tryonwssink");
  WsClient *client = ws_client_new (p->port, "a");
  GBytes *image = g_bytes_new_take (g_malloc0 (5000), 5000);

  ws_client_init (client);
  ws_client_send_binary (client, ws_frame (1, image));
  expect_error (client, "INVALID_FRAME", "frame 1");
  expect_drop (client, 1, GST_TRYON_DROP_REASON_INVALID);
  ws_client_close (client);
  g_bytes_unref (image);
  ws_pipeline_free (p);
}

GST_END_TEST;

static Suite *
tryonwssrcinput_suite (void)
{
  Suite *s = suite_create ("tryonwssrcinput");
  TCase *tc = tcase_create ("input");

  tcase_add_test (tc, test_bad_frames);
  tcase_add_test (tc, test_frame_with_too_many_bytes);
  tcase_add_test (tc, test_short_binary_messages);
  tcase_add_test (tc, test_bad_texts);
  tcase_add_test (tc, test_frames_before_the_introduction);
  tcase_add_test (tc, test_message_too_large);
  tcase_add_test (tc, test_message_limit_makes_room_for_frames);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (tryonwssrcinput);
