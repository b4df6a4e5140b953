/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers, names and numbers of the wire format. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>

#include "tryonvectors.h"

#define HEADER_SIZE GST_TRYON_PROTOCOL_HEADER_SIZE

/* A fixed seed: a failure must come again. */
#define SEED 20260101

/* ---- binary messages ---- */

static guint8 *
decode_hex (const gchar * hex, gsize * size)
{
  gsize n = strlen (hex) / 2;
  guint8 *data = malloc (n);
  gsize i;

  for (i = 0; i < n; i++)
    data[i] = g_ascii_xdigit_value (hex[2 * i]) << 4
        | g_ascii_xdigit_value (hex[2 * i + 1]);
  *size = n;
  return data;
}

static void
check_good_header (JsonObject * vector, const gchar * name)
{
  GstTryonFrameHeader header;
  GError *error = NULL;
  guint8 written[HEADER_SIZE];
  gsize size;
  guint8 *data =
      decode_hex (json_object_get_string_member (vector, "message"), &size);
  guint64 timestamp = g_ascii_strtoull (json_object_get_string_member (vector,
          "timestamp"), NULL, 10);

  fail_unless (gst_tryon_frame_header_parse (data, size, &header, &error),
      "%s: %s", name, error != NULL ? error->message : "");
  fail_unless (gst_tryon_frame_header_check (&header, size, &error),
      "%s: %s", name, error != NULL ? error->message : "");
#define ASSERT_FIELD(field, json) \
  fail_unless ((gint64) header.field == \
      json_object_get_int_member (vector, json), "%s: %s", name, json)
  ASSERT_FIELD (type, "type");
  ASSERT_FIELD (flags, "flags");
  ASSERT_FIELD (sequence, "sequence");
  ASSERT_FIELD (latency, "latency");
  ASSERT_FIELD (ai_latency, "ai_latency");
  ASSERT_FIELD (payload_length, "payload_length");
#undef ASSERT_FIELD
  fail_unless (header.timestamp == timestamp, "%s: timestamp", name);

  memset (written, 0xaa, sizeof (written));
  gst_tryon_frame_header_write (&header, written);
  if (json_object_get_boolean_member (vector, "canonical"))
    fail_unless (memcmp (written, data, HEADER_SIZE) == 0, "%s", name);
  else
    fail_unless (memcmp (written, data, HEADER_SIZE - 4) == 0, "%s", name);
  fail_unless (GST_READ_UINT32_BE (written + 28) == 0);
  free (data);
}

GST_START_TEST (test_good_headers)
{
  vectors_foreach ("headers.json", "good", check_good_header);
}

GST_END_TEST;

static void
check_bad_header (JsonObject * vector, const gchar * name)
{
  GstTryonFrameHeader header;
  GError *error = NULL;
  GstTryonError code;
  gsize size;
  guint8 *data =
      decode_hex (json_object_get_string_member (vector, "message"), &size);
  gboolean answered = json_object_get_boolean_member (vector, "answered");

  fail_unless (gst_tryon_error_from_code (json_object_get_string_member (vector,
              "error"), &code));
  memset (&header, 0xaa, sizeof (header));
  fail_unless (gst_tryon_frame_header_parse (data, size, &header, &error) ==
      answered, "%s", name);
  if (answered) {
    fail_unless_equals_int64 (header.sequence,
        json_object_get_int_member (vector, "sequence"));
    fail_if (gst_tryon_frame_header_check (&header, size, &error), "%s", name);
  } else {
    fail_unless (header.sequence == 0xaaaaaaaa, "%s: is touched", name);
  }
  assert_error (error, code, name);
  g_error_free (error);
  free (data);
}

GST_START_TEST (test_bad_headers)
{
  vectors_foreach ("headers.json", "bad", check_bad_header);
}

GST_END_TEST;

static void
check_header_prefixes (JsonObject * vector, const gchar * name)
{
  gsize size, n;
  guint8 *data =
      decode_hex (json_object_get_string_member (vector, "message"), &size);

  for (n = 0; n <= size; n++) {
    guint8 *prefix = exact_copy (data, n);
    GstTryonFrameHeader header;
    GError *error = NULL;

    if (!gst_tryon_frame_header_parse (prefix, n, &header, &error)) {
      fail_unless (n < HEADER_SIZE, "%s: %s", name, error->message);
      assert_error (error, GST_TRYON_ERROR_BAD_MESSAGE, name);
    } else {
      fail_unless (n >= HEADER_SIZE, "%s", name);
      fail_unless (gst_tryon_frame_header_check (&header, n, &error) ==
          (n == size), "%s: %u bytes", name, (guint) n);
    }
    g_clear_error (&error);
    free (prefix);
  }
  free (data);
}

GST_START_TEST (test_header_prefixes)
{
  vectors_foreach ("headers.json", "good", check_header_prefixes);
}

GST_END_TEST;

/* Errors are optional everywhere. */
GST_START_TEST (test_header_without_error)
{
  GstTryonFrameHeader header = { GST_TRYON_FRAME_TYPE_FRAME, };
  guint8 data[HEADER_SIZE] = { 0, };

  fail_if (gst_tryon_frame_header_parse (NULL, 0, &header, NULL));
  fail_if (gst_tryon_frame_header_parse (data, sizeof (data), &header, NULL));
  fail_if (gst_tryon_frame_header_check (&header, HEADER_SIZE, NULL));
}

GST_END_TEST;

/* A message lies wherever the frame of the WebSocket put it. */
GST_START_TEST (test_header_unaligned)
{
  GstTryonFrameHeader in = { GST_TRYON_FRAME_TYPE_PROCESSED, 1, 2, 3, 4, 5, 6 };
  guint i;

  for (i = 0; i < 8; i++) {
    guint8 *data = malloc (HEADER_SIZE + i);
    GstTryonFrameHeader out;

    gst_tryon_frame_header_write (&in, data + i);
    memset (&out, 0, sizeof (out));
    fail_unless (gst_tryon_frame_header_parse (data + i, HEADER_SIZE, &out,
            NULL));
    fail_unless_equals_uint64 (out.timestamp, 3);
    fail_unless_equals_int (out.payload_length, 6);
    free (data);
  }
}

GST_END_TEST;

GST_START_TEST (test_header_roundtrip)
{
  GRand *rand = g_rand_new_with_seed (SEED);
  guint i;

  for (i = 0; i < 20000; i++) {
    GstTryonFrameHeader in, out;
    guint8 data[HEADER_SIZE];

    memset (&in, 0, sizeof (in));
    in.type = (GstTryonFrameType) g_rand_int_range (rand, 1, 4);
    in.flags = g_rand_int (rand);
    in.sequence = g_rand_int (rand);
    in.timestamp = (guint64) g_rand_int (rand) << 32 | g_rand_int (rand);
    in.latency = g_rand_int (rand);
    in.ai_latency = g_rand_int (rand);
    in.payload_length = g_rand_int (rand);
    gst_tryon_frame_header_write (&in, data);
    memset (&out, 0, sizeof (out));
    fail_unless (gst_tryon_frame_header_parse (data, HEADER_SIZE, &out, NULL));
    fail_unless (memcmp (&in, &out, sizeof (in)) == 0);
  }
  g_rand_free (rand);
}

GST_END_TEST;

/* Whatever comes is a header, or it is refused for the one reason. */
GST_START_TEST (test_header_random)
{
  GRand *rand = g_rand_new_with_seed (SEED);
  guint n_headers = 0;
  guint i, j;

  for (i = 0; i < 20000; i++) {
    gsize size = g_rand_int_range (rand, 0, 64);
    guint8 bytes[64] = { 0, };
    GstTryonFrameHeader header;
    GError *error = NULL;
    guint8 *data;

    for (j = 0; j < size; j++)
      bytes[j] = g_rand_int (rand);
    /* Mostly of our version, or hardly any would come any further. */
    bytes[0] &= 1;
    bytes[1] &= 7;
    data = exact_copy (bytes, size);
    if (gst_tryon_frame_header_parse (data, size, &header, &error)) {
      n_headers++;
      fail_unless (data[0] == 1 && data[1] >= 1 && data[1] <= 3 && size >= 32);
      fail_if (gst_tryon_frame_header_check (&header, size, &error)
          && header.payload_length != size - 32);
    } else {
      assert_error (error, GST_TRYON_ERROR_BAD_MESSAGE, "random");
    }
    g_clear_error (&error);
    free (data);
  }
  fail_unless (n_headers > 500);
  g_rand_free (rand);
}

GST_END_TEST;

/* ---- names and numbers ---- */

static void
assert_number (JsonObject * object, const gchar * name, gint64 number)
{
  fail_unless (json_object_has_member (object, name), "%s", name);
  fail_unless (json_object_get_int_member (object, name) == number, "%s", name);
}

GST_START_TEST (test_rules)
{
  JsonObject *rules = vectors_load ("rules.json");
  JsonObject *o;

  assert_number (rules, "version", GST_TRYON_PROTOCOL_VERSION);
  assert_number (rules, "header_size", GST_TRYON_PROTOCOL_HEADER_SIZE);
  fail_unless_equals_string (json_object_get_string_member (rules,
          "subprotocol"), GST_TRYON_PROTOCOL_NAME);
  fail_unless_equals_string (json_object_get_string_member (rules,
          "token_prefix"), GST_TRYON_PROTOCOL_TOKEN_PREFIX);
  fail_unless_equals_string (json_object_get_string_member (rules,
          "path_prefix"), GST_TRYON_PROTOCOL_PATH_PREFIX);

  o = json_object_get_object_member (rules, "frame_types");
  assert_number (o, "frame", GST_TRYON_FRAME_TYPE_FRAME);
  assert_number (o, "processed_frame", GST_TRYON_FRAME_TYPE_PROCESSED);
  assert_number (o, "frame_dropped", GST_TRYON_FRAME_TYPE_DROPPED);
  o = json_object_get_object_member (rules, "frame_flags");
  assert_number (o, "not_processed", GST_TRYON_FRAME_FLAG_NOT_PROCESSED);

  o = json_object_get_object_member (rules, "limits");
  assert_number (o, "max_json_depth", GST_TRYON_PROTOCOL_MAX_JSON_DEPTH);
  assert_number (o, "max_json_values", GST_TRYON_PROTOCOL_MAX_JSON_VALUES);
  assert_number (o, "max_session_id", GST_TRYON_PROTOCOL_MAX_SESSION_ID);
  json_object_unref (rules);
}

GST_END_TEST;

GST_START_TEST (test_close_codes)
{
  JsonObject *rules = vectors_load ("rules.json");
  JsonObject *o = json_object_get_object_member (rules, "close_codes");

  assert_number (o, "normal", GST_TRYON_CLOSE_NORMAL);
  assert_number (o, "going-away", GST_TRYON_CLOSE_GOING_AWAY);
  assert_number (o, "protocol-error", GST_TRYON_CLOSE_PROTOCOL_ERROR);
  assert_number (o, "unsupported", GST_TRYON_CLOSE_UNSUPPORTED);
  assert_number (o, "invalid-data", GST_TRYON_CLOSE_INVALID_DATA);
  assert_number (o, "policy", GST_TRYON_CLOSE_POLICY);
  assert_number (o, "too-big", GST_TRYON_CLOSE_TOO_BIG);
  assert_number (o, "internal", GST_TRYON_CLOSE_INTERNAL);
  assert_number (o, "try-again", GST_TRYON_CLOSE_TRY_AGAIN);
  assert_number (o, "replaced", GST_TRYON_CLOSE_REPLACED);
  assert_number (o, "expired", GST_TRYON_CLOSE_EXPIRED);
  assert_number (o, "idle", GST_TRYON_CLOSE_IDLE);
  assert_number (o, "slow-client", GST_TRYON_CLOSE_SLOW_CLIENT);
  fail_unless_equals_int (json_object_get_size (o), 13);
  json_object_unref (rules);
}

GST_END_TEST;

GST_START_TEST (test_drop_reasons)
{
  JsonObject *rules = vectors_load ("rules.json");
  JsonObject *o = json_object_get_object_member (rules, "drop_reasons");
  gint i;

  fail_unless_equals_int (json_object_get_size (o),
      GST_TRYON_N_DROP_REASONS - 1);
  for (i = 1; i < GST_TRYON_N_DROP_REASONS; i++)
    assert_number (o, gst_tryon_drop_reason_get_nick (i), i);
  for (i = -1; i < 300; i++) {
    if (i < 1 || i >= GST_TRYON_N_DROP_REASONS)
      fail_unless_equals_string (gst_tryon_drop_reason_get_nick (i), "unknown");
  }
  json_object_unref (rules);
}

GST_END_TEST;

GST_START_TEST (test_error_codes)
{
  JsonObject *rules = vectors_load ("rules.json");
  JsonArray *codes = json_object_get_array_member (rules, "error_codes");
  GstTryonError error = GST_TRYON_ERROR_AI_TIMEOUT;
  guint i;

  fail_unless_equals_int (json_array_get_length (codes),
      GST_TRYON_ERROR_INTERNAL + 1);
  for (i = 0; i < json_array_get_length (codes); i++) {
    const gchar *code = json_array_get_string_element (codes, i);

    fail_unless_equals_string (gst_tryon_error_get_code (i), code);
    fail_unless (gst_tryon_error_from_code (code, &error) && error == i);
    fail_unless (gst_tryon_error_from_code (code, NULL));
  }
  error = GST_TRYON_ERROR_AI_TIMEOUT;
  fail_if (gst_tryon_error_from_code ("OUT_OF_POLISH", &error));
  fail_if (gst_tryon_error_from_code ("bad_message", &error));
  fail_if (gst_tryon_error_from_code ("", &error));
  fail_unless (error == GST_TRYON_ERROR_AI_TIMEOUT);
  fail_unless_equals_string (gst_tryon_error_get_code (-1), "INTERNAL");
  fail_unless_equals_string (gst_tryon_error_get_code (99), "INTERNAL");
  json_object_unref (rules);
}

GST_END_TEST;

static void
check_session_id (JsonObject * vector, const gchar * name)
{
  const gchar *id = json_object_get_string_member (vector, "id");

  fail_unless (gst_tryon_session_id_is_valid (id) ==
      json_object_get_boolean_member (vector, "valid"), "\"%s\"", id);
}

static void
check_path (JsonObject * vector, const gchar * name)
{
  const gchar *path = json_object_get_string_member (vector, "path");
  gchar *id = gst_tryon_session_id_from_path (path);

  if (json_object_get_null_member (vector, "id"))
    fail_unless (id == NULL, "%s", path);
  else
    fail_unless_equals_string (id, json_object_get_string_member (vector,
            "id"));
  g_free (id);
}

GST_START_TEST (test_session_ids)
{
  vectors_foreach ("rules.json", "session_ids", check_session_id);
  vectors_foreach ("rules.json", "paths", check_path);
  fail_if (gst_tryon_session_id_is_valid (NULL));
  fail_unless (gst_tryon_session_id_from_path (NULL) == NULL);
}

GST_END_TEST;

static Suite *
protocol_suite (void)
{
  Suite *s = suite_create ("protocol");
  TCase *tc = tcase_create ("headers");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_good_headers);
  tcase_add_test (tc, test_bad_headers);
  tcase_add_test (tc, test_header_prefixes);
  tcase_add_test (tc, test_header_without_error);
  tcase_add_test (tc, test_header_unaligned);
  tcase_add_test (tc, test_header_roundtrip);
  tcase_add_test (tc, test_header_random);

  tc = tcase_create ("rules");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_rules);
  tcase_add_test (tc, test_close_codes);
  tcase_add_test (tc, test_drop_reasons);
  tcase_add_test (tc, test_error_codes);
  tcase_add_test (tc, test_session_ids);

  return s;
}

GST_CHECK_MAIN (protocol);
