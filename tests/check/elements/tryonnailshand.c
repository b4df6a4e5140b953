/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tryonnails does to a hand: the one that tools/draw-hand draws, of which it is
 * known where the nails are. All of it needs the hand models. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>

#include <json-glib/json-glib.h>

#include "nailstest.h"

/* ---- where the nails are ---- */

static const gchar *const fingers[GST_TRYON_N_FINGERS] = {
  "thumb", "index", "middle", "ring", "little"
};

#define MAX_CORNERS 64

typedef struct
{
  GstTryonPoint corners[MAX_CORNERS];
  guint n_corners;
  GstTryonPoint centre;
} Outline;

static void
find_centre (Outline * outline)
{
  guint i;

  outline->centre.x = outline->centre.y = 0.0f;
  for (i = 0; i < outline->n_corners; i++) {
    outline->centre.x += outline->corners[i].x / outline->n_corners;
    outline->centre.y += outline->corners[i].y / outline->n_corners;
  }
}

/* From what tools/draw-hand wrote beside the picture. */
static void
load_true_nails (Outline * outlines)
{
  const gchar *image = g_getenv ("TRYON_HAND");
  gchar *folder = g_path_get_dirname (image);
  gchar *path = g_build_filename (folder, "hand.json", NULL);
  JsonParser *parser = json_parser_new ();
  JsonObject *hand;
  JsonArray *corners, *corner;
  guint i, j;

  fail_unless (json_parser_load_from_file (parser, path, NULL), "%s", path);
  hand = json_node_get_object (json_parser_get_root (parser));
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    corners = json_object_get_array_member (hand, fingers[i]);
    outlines[i].n_corners = json_array_get_length (corners);
    fail_unless (outlines[i].n_corners <= MAX_CORNERS);
    for (j = 0; j < outlines[i].n_corners; j++) {
      corner = json_array_get_array_element (corners, j);
      outlines[i].corners[j].x = json_array_get_double_element (corner, 0);
      outlines[i].corners[j].y = json_array_get_double_element (corner, 1);
    }
    find_centre (&outlines[i]);
  }
  g_object_unref (parser);
  g_free (path);
  g_free (folder);
}

static void
outline_from_nail (Outline * outline, const GstTryonNail * nail)
{
  outline->n_corners = GST_TRYON_NAIL_OUTLINE;
  memcpy (outline->corners, nail->outline, sizeof (nail->outline));
  find_centre (outline);
}

/* Whether the place is in the outline, grown by @scale from its centre. */
static gboolean
is_inside (const Outline * outline, gfloat scale, gfloat x, gfloat y)
{
  gboolean inside = FALSE;
  guint i, j;

  x = outline->centre.x + (x - outline->centre.x) / scale;
  y = outline->centre.y + (y - outline->centre.y) / scale;
  for (i = 0, j = outline->n_corners - 1; i < outline->n_corners; j = i++) {
    const GstTryonPoint *a = &outline->corners[i], *b = &outline->corners[j];

    if ((a->y > y) != (b->y > y)
        && x < (b->x - a->x) * (y - a->y) / (b->y - a->y) + a->x)
      inside = !inside;
  }
  return inside;
}

static gfloat
get_overlap (const Outline * a, const Outline * b)
{
  guint both = 0, either = 0;
  gint x, y;

  for (y = a->centre.y - 60; y < a->centre.y + 60; y++) {
    for (x = a->centre.x - 60; x < a->centre.x + 60; x++) {
      gboolean in_a = is_inside (a, 1.0f, x + 0.5f, y + 0.5f);
      gboolean in_b = is_inside (b, 1.0f, x + 0.5f, y + 0.5f);

      both += in_a && in_b;
      either += in_a || in_b;
    }
  }
  return either > 0 ? (gfloat) both / either : 0.0f;
}

/* ---- what was drawn ---- */

/* Whether a pixel of all its components, chroma of the four around it, differs. */
static gboolean
pixel_differs (const GstVideoFrame * a, const GstVideoFrame * b, gint x, gint y)
{
  guint i;

  for (i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (a); i++) {
    const GstVideoFormatInfo *format = a->info.finfo;
    gint cx = x >> GST_VIDEO_FORMAT_INFO_W_SUB (format, i);
    gint cy = y >> GST_VIDEO_FORMAT_INFO_H_SUB (format, i);
    gsize at = cy * GST_VIDEO_FRAME_COMP_STRIDE (a, i) +
        cx * GST_VIDEO_FRAME_COMP_PSTRIDE (a, i);

    if (((guint8 *) GST_VIDEO_FRAME_COMP_DATA (a, i))[at] !=
        ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (b, i))[at])
      return TRUE;
  }
  return FALSE;
}

/* Every nail is covered, and nothing but nails (and their rim: lines are soft, and
 * chroma is coarser) has changed. */
static void
check_only_nails (GstBuffer * before, GstBuffer * after, const gchar * format)
{
  GstTryonNailsMeta *meta = get_meta (after);
  Outline outlines[GST_TRYON_MAX_NAILS];
  GstVideoFrame a, b;
  GstVideoInfo info;
  guint i, inner = 0, covered = 0;
  gint x, y;

  for (i = 0; i < meta->n_nails; i++)
    outline_from_nail (&outlines[i], &meta->nails[i]);
  fail_unless (gst_video_info_set_format (&info,
          gst_video_format_from_string (format), HAND_WIDTH, HAND_HEIGHT));
  fail_unless (gst_video_frame_map (&a, &info, before, GST_MAP_READ));
  fail_unless (gst_video_frame_map (&b, &info, after, GST_MAP_READ));
  for (y = 0; y < HAND_HEIGHT; y++) {
    for (x = 0; x < HAND_WIDTH; x++) {
      gboolean differs = pixel_differs (&a, &b, x, y);
      gboolean near = FALSE, within = FALSE;

      for (i = 0; i < meta->n_nails; i++) {
        near |= is_inside (&outlines[i], 1.6f, x + 0.5f, y + 0.5f);
        within |= is_inside (&outlines[i], 0.7f, x + 0.5f, y + 0.5f);
      }
      fail_if (differs && !near, "%s: the pixel at %d, %d is changed", format,
          x, y);
      inner += within;
      covered += within && differs;
    }
  }
  gst_video_frame_unmap (&b);
  gst_video_frame_unmap (&a);
  fail_unless (covered >= inner * 0.97, "%s: %u of %u pixels are covered",
      format, covered, inner);
}

GST_START_TEST (test_dressed)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (all_formats); i++) {
    GstHarness *h = new_harness (all_formats[i], HAND_WIDTH, HAND_HEIGHT);
    GstBuffer *hand = new_hand (all_formats[i]);
    GstBuffer *out = push_many (h, hand, 0, N_FRAMES);

    fail_unless_equals_int (get_meta (out)->n_hands, 1);
    fail_unless_equals_int (get_meta (out)->n_nails, 5);
    check_only_nails (hand, out, all_formats[i]);
    fail_unless_equals_uint64 (get_stat (h, "frames"), N_FRAMES);
    fail_unless_equals_uint64 (get_stat (h, "frames-analysed"), N_FRAMES);
    fail_unless (get_stat (h, "frames-with-hands") > N_FRAMES / 2);
    fail_unless (get_stat (h, "nails-drawn") >= 5);
    fail_unless (get_stat (h, "landmarks-time") > 0);
    fail_unless (get_stat (h, "nails-time") > 0);
    fail_unless (get_stat (h, "drawing-time") > 0);
    fail_unless_equals_int (count_messages (h, GST_MESSAGE_WARNING), 0);
    gst_buffer_unref (out);
    gst_buffer_unref (hand);
    teardown_harness (h);
  }
}

GST_END_TEST;

/* (transfer full): in full, with borders. */
static GstBuffer *
new_photograph (const gchar * path)
{
  gchar *source = g_strdup_printf ("filesrc location=\"%s\" ! decodebin",
      path);
  GstBuffer *frame = new_frame_of (source, "I420", HAND_WIDTH, HAND_HEIGHT);

  g_free (source);
  return frame;
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

/* (transfer full): some of them, in a fixed order; maybe none. */
static GPtrArray *
list_photographs (guint wanted)
{
  const gchar *data = g_getenv ("TRYON_PHOTOS"), *name;
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  gchar *folder = g_build_filename (data != NULL ? data : "", "nails-cc0",
      "images", NULL);
  GDir *dir = g_dir_open (folder, 0, NULL);

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    if (g_str_has_suffix (name, ".jpg"))
      g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
  }
  g_ptr_array_sort (paths, compare_paths);
  if (paths->len > wanted)
    g_ptr_array_set_size (paths, wanted);
  g_clear_pointer (&dir, g_dir_close);
  g_free (folder);
  return paths;
}

GST_START_TEST (test_photographs)
{
  GPtrArray *paths = list_photographs (12);
  guint n_nails = 0, n_dressed = 0, i;

  for (i = 0; i < paths->len; i++) {
    GstHarness *h = new_harness ("I420", HAND_WIDTH, HAND_HEIGHT);
    GstBuffer *photo = new_photograph (g_ptr_array_index (paths, i));
    GstBuffer *out = push_many (h, photo, 0, N_FRAMES);

    check_only_nails (photo, out, "I420");
    n_nails += get_meta (out)->n_nails;
    n_dressed += get_meta (out)->n_nails > 0;
    gst_buffer_unref (out);
    gst_buffer_unref (photo);
    teardown_harness (h);
  }
  if (paths->len > 0) {
    g_print ("%u of %u photographs have nails, %u in all\n", n_dressed,
        paths->len, n_nails);
    /* Many are so close that no palm is to be seen. */
    fail_unless (n_dressed >= paths->len / 4);
  } else {
    g_print ("SKIPPED: no photographs in TRYON_PHOTOS\n");
  }
  g_ptr_array_unref (paths);
}

GST_END_TEST;

/* The meta says which nail is whose, and where it is. */
static void
check_places (const gchar * model)
{
  GstElement *element = new_element ();
  GstHarness *h;
  Outline truth[GST_TRYON_N_FINGERS], found;
  gboolean seen[GST_TRYON_N_FINGERS] = { FALSE, };
  gfloat overlap, sum = 0.0f;
  GstTryonNailsMeta *meta;
  GstBuffer *hand, *out;
  guint i;

  load_true_nails (truth);
  gst_util_set_object_arg (G_OBJECT (element), "model", model);
  h = new_harness_with (element);
  set_caps (h, "I420", HAND_WIDTH, HAND_HEIGHT);
  hand = new_hand ("I420");
  out = push_many (h, hand, 0, N_FRAMES);
  meta = get_meta (out);
  fail_unless_equals_int (meta->n_hands, 1);
  fail_unless (meta->hands[0].presence > 0.9f);
  for (i = 0; i < meta->n_nails; i++) {
    const GstTryonNail *nail = &meta->nails[i];

    fail_unless_equals_int (nail->hand, meta->hands[0].id);
    fail_unless (nail->finger < GST_TRYON_N_FINGERS && !seen[nail->finger]);
    seen[nail->finger] = TRUE;
    fail_unless (nail->opacity > 0.9f);
    outline_from_nail (&found, nail);
    overlap = get_overlap (&truth[nail->finger], &found);
    g_print ("%s, %s: intersection over union %.2f, confidence %.2f\n", model,
        fingers[nail->finger], overlap, nail->confidence);
    fail_unless (overlap > 0.4f);
    sum += overlap;
  }
  fail_unless_equals_int (meta->n_nails, 5);
  fail_unless (sum / 5 > 0.55f, "mean overlap %f", sum / 5);
  gst_buffer_unref (out);
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_START_TEST (test_places)
{
  check_places ("lite");
  check_places ("full");
}

GST_END_TEST;

GST_START_TEST (test_draw_off)
{
  GstHarness *h = new_harness ("I420", HAND_WIDTH, HAND_HEIGHT);
  GstBuffer *hand = new_hand ("I420"), *out;
  guint i;

  g_object_set (h->element, "draw", FALSE, NULL);
  for (i = 0; i < N_FRAMES; i++) {
    out = push_frame (h, copy_frame (hand, i));
    fail_unless (is_equal (hand, out));
    if (i == N_FRAMES - 1) {
      fail_unless_equals_int (get_meta (out)->n_hands, 1);
      fail_unless_equals_int (get_meta (out)->n_nails, 5);
    }
    gst_buffer_unref (out);
  }
  fail_unless_equals_uint64 (get_stat (h, "nails-drawn"), 0);
  g_object_set (h->element, "draw", TRUE, NULL);
  out = push_frame (h, copy_frame (hand, i));
  fail_if (is_equal (hand, out));
  gst_buffer_unref (out);
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_END_TEST;

/* Another branch of a tee holds the same memory: it keeps what it has. */
GST_START_TEST (test_shared_memory)
{
  GstHarness *h = new_harness ("I420", HAND_WIDTH, HAND_HEIGHT);
  GstBuffer *hand = new_hand ("I420"), *held, *out;
  guint i;

  for (i = 0; i < N_FRAMES; i++) {
    held = copy_frame (hand, i);
    out = push_frame (h, gst_buffer_ref (held));
    fail_unless (is_equal (hand, held));
    fail_unless (gst_buffer_get_tryon_nails_meta (held) == NULL);
    gst_buffer_unref (held);
    if (i == N_FRAMES - 1)
      fail_if (is_equal (hand, out));
    gst_buffer_unref (out);
  }
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_END_TEST;

/* The mean of the nails' pixels in an RGB frame. */
static void
get_nail_colour (GstBuffer * frame, gdouble * rgb)
{
  GstTryonNailsMeta *meta = get_meta (frame);
  GstVideoInfo info;
  GstVideoFrame map;
  Outline outline;
  guint i, c, n = 0;
  gint x, y;

  rgb[0] = rgb[1] = rgb[2] = 0.0;
  fail_unless (gst_video_info_set_format (&info, GST_VIDEO_FORMAT_RGB,
          HAND_WIDTH, HAND_HEIGHT));
  fail_unless (gst_video_frame_map (&map, &info, frame, GST_MAP_READ));
  for (i = 0; i < meta->n_nails; i++) {
    outline_from_nail (&outline, &meta->nails[i]);
    for (y = MAX (outline.centre.y - 20, 0); y < outline.centre.y + 20; y++) {
      for (x = MAX (outline.centre.x - 20, 0); x < outline.centre.x + 20; x++) {
        const guint8 *pixel = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&map, 0)
            + y * GST_VIDEO_FRAME_PLANE_STRIDE (&map, 0) + 3 * x;

        if (!is_inside (&outline, 0.7f, x + 0.5f, y + 0.5f))
          continue;
        for (c = 0; c < 3; c++)
          rgb[c] += pixel[c];
        n++;
      }
    }
  }
  gst_video_frame_unmap (&map);
  fail_unless (n > 0);
  for (c = 0; c < 3; c++)
    rgb[c] /= n;
}

/* Each counts from the next frame on. */
GST_START_TEST (test_design_while_playing)
{
  GstHarness *h = new_harness ("RGB", HAND_WIDTH, HAND_HEIGHT);
  GstBuffer *hand = new_hand ("RGB"), *out, *last;
  gdouble rgb[3];
  guint i = N_FRAMES, pattern, shape, finish;

  g_object_set (h->element, "color", 0xff1020e0, NULL);
  gst_util_set_object_arg (G_OBJECT (h->element), "pattern", "solid");
  gst_buffer_unref (push_many (h, hand, 0, N_FRAMES));
  out = push_frame (h, copy_frame (hand, i++));
  get_nail_colour (out, rgb);
  fail_unless (rgb[2] > 1.5 * rgb[0] && rgb[2] > 1.5 * rgb[1],
      "blue is %f, %f, %f", rgb[0], rgb[1], rgb[2]);
  gst_buffer_unref (out);
  g_object_set (h->element, "color", 0xff10c020, NULL);
  last = push_frame (h, copy_frame (hand, i++));
  get_nail_colour (last, rgb);
  fail_unless (rgb[1] > 1.5 * rgb[0] && rgb[1] > 1.5 * rgb[2],
      "green is %f, %f, %f", rgb[0], rgb[1], rgb[2]);

  for (shape = 0; shape <= 5; shape++) {
    for (pattern = 1; pattern <= 3; pattern++) {
      for (finish = 0; finish <= 2; finish++) {
        g_object_set (h->element, "shape", shape, "pattern", pattern,
            "finish", finish, "length", shape / 2.5,
            "tip-color", 0xffe0e020, NULL);
        out = push_frame (h, copy_frame (hand, i++));
        fail_if (is_equal (out, hand));
        fail_if (is_equal (out, last), "%u %u %u: as before", shape, pattern,
            finish);
        gst_buffer_unref (last);
        last = out;
      }
    }
  }
  gst_buffer_unref (last);
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_END_TEST;

static guint
wait_for_reference (GstHarness * h)
{
  GstStructure *s = wait_for_structure (h, "tryon-nails-reference");
  guint nails;

  fail_unless (gst_structure_get_uint (s, "nails", &nails));
  gst_structure_free (s);
  return nails;
}

static void
push_client_reference (GstHarness * h, GstBuffer * image)
{
  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_reference (image, "image/webp", NULL)));
  gst_clear_buffer (&image);
}

/* Which of the three colours is that of the nails. */
static guint
push_for_colour (GstHarness * h, GstBuffer * frame)
{
  GstBuffer *out = push_frame (h, frame);
  gdouble rgb[3];
  guint i, most = 0;

  get_nail_colour (out, rgb);
  gst_buffer_unref (out);
  for (i = 1; i < 3; i++) {
    if (rgb[i] > rgb[most])
      most = i;
  }
  for (i = 0; i < 3; i++)
    fail_unless (i == most || rgb[most] > 1.3 * rgb[i], "%f, %f, %f", rgb[0],
        rgb[1], rgb[2]);
  return most;
}

/* A client's comes before the property's, and goes with the client. */
GST_START_TEST (test_references)
{
  GstHarness *h = new_harness ("RGB", HAND_WIDTH, HAND_HEIGHT);
  GstBuffer *hand = new_hand ("RGB");
  gchar *path = write_file (new_swatch (10, 200, 10));
  GstTryonSession *session;
  guint i = N_FRAMES;

  gst_util_set_object_arg (G_OBJECT (h->element), "pattern", "reference");
  g_object_set (h->element, "color", 0xffc01010, NULL);
  gst_buffer_unref (push_many (h, hand, 0, N_FRAMES));
  fail_unless_equals_int (push_for_colour (h, copy_frame (hand, i++)), 0);
  g_object_set (h->element, "reference", path, NULL);
  fail_unless_equals_int (wait_for_reference (h), 0);
  fail_unless_equals_int (push_for_colour (h, copy_frame (hand, i++)), 1);
  push_client_reference (h, new_swatch (10, 10, 220));
  fail_unless_equals_int (wait_for_reference (h), 0);
  fail_unless_equals_int (push_for_colour (h, copy_frame (hand, i++)), 2);
  push_client_reference (h, NULL);
  fail_unless_equals_int (push_for_colour (h, copy_frame (hand, i++)), 1);
  push_client_reference (h, new_swatch (10, 10, 220));
  fail_unless_equals_int (wait_for_reference (h), 0);
  session = gst_tryon_session_new ("another", NULL);
  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_session (session)));
  /* Whose frames have a hand of their own. */
  gst_buffer_unref (push_many (h, hand, i, N_FRAMES));
  i += N_FRAMES;
  fail_unless_equals_int (push_for_colour (h, copy_frame (hand, i++)), 1);
  g_object_set (h->element, "reference", NULL, NULL);
  fail_unless_equals_int (push_for_colour (h, copy_frame (hand, i++)), 0);

  /* On a picture of a hand the nails are what counts. */
  g_object_set (h->element, "reference", get_hand_path (), NULL);
  fail_unless_equals_int (wait_for_reference (h), 5);
  gst_object_unref (session);
  g_unlink (path);
  g_free (path);
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_messages)
{
  GstHarness *h = new_harness ("I420", HAND_WIDTH, HAND_HEIGHT);
  GstBuffer *hand = new_hand ("I420");
  GstStructure *s;
  guint64 time;
  guint i, n;

  gst_buffer_unref (push_many (h, hand, 0, N_FRAMES));
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ELEMENT), 0);

  /* At 25 frames a second: each third one is 120 ms after the last. */
  g_object_set (h->element, "interval", 100, NULL);
  gst_buffer_unref (push_many (h, hand, N_FRAMES, 7));
  for (i = 0; i < 3; i++) {
    s = wait_for_structure (h, "tryon-nails");
    fail_unless (gst_structure_get_uint64 (s, "timestamp", &time));
    fail_unless_equals_uint64 (time, (N_FRAMES + 3 * i) * FRAME_TIME);
    fail_unless (gst_structure_get_uint (s, "hands", &n));
    fail_unless_equals_int (n, 1);
    fail_unless (gst_structure_get_uint (s, "nails", &n));
    fail_unless_equals_int (n, 5);
    fail_unless (gst_structure_has_field_typed (s, "confidence",
            G_TYPE_DOUBLE));
    fail_unless (gst_structure_get_uint64 (s, "nails-time", &time));
    fail_unless (time > 0);
    gst_structure_free (s);
  }
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ELEMENT), 0);
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_END_TEST;

/* ---- time ---- */

/* The id of the hand in the frame; in one of those that follow, when it is still being
 * looked for. */
static guint
get_hand_id (GstHarness * h, GstBuffer * frame)
{
  guint id = 0, n_hands = 0, i;

  for (i = 0; n_hands == 0; i++) {
    GstBuffer *next = gst_buffer_copy (frame), *out;

    fail_unless (i < 10, "no hand is found");
    GST_BUFFER_PTS (next) += i * GST_MSECOND;
    out = push_frame (h, next);
    n_hands = get_meta (out)->n_hands;
    if (n_hands > 0)
      id = get_meta (out)->hands[0].id;
    gst_buffer_unref (out);
  }
  gst_buffer_unref (frame);
  fail_unless_equals_int (n_hands, 1);
  return id;
}

/* The event alone: the harness would begin a new segment. */
static void
push_caps (GstHarness * h, gint height)
{
  GstCaps *caps = gst_caps_new_simple ("video/x-raw",
      "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT, HAND_WIDTH,
      "height", G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION, 25, 1,
      NULL);

  fail_unless (gst_harness_push_event (h, gst_event_new_caps (caps)));
  gst_caps_unref (caps);
}

/* A hand that is followed keeps its id, and one that is found anew has another. */
GST_START_TEST (test_when_it_begins_anew)
{
  GstHarness *h = new_harness ("I420", HAND_WIDTH, HAND_HEIGHT);
  GstBuffer *hand = new_hand ("I420"), *frame;
  guint id = get_hand_id (h, copy_frame (hand, 0));

  fail_unless_equals_int (get_hand_id (h, copy_frame (hand, 1)), id);
  frame = copy_frame (hand, 2);
  GST_BUFFER_FLAG_SET (frame, GST_BUFFER_FLAG_DISCONT);
  fail_unless_equals_int (get_hand_id (h, frame), id);
  fail_unless_equals_int (get_hand_id (h, copy_frame (hand, 14)), id);

  /* A pause, time that goes back, another camera, a flush, other caps. */
  fail_if (get_hand_id (h, copy_frame (hand, 60)) == id);
  id = get_hand_id (h, copy_frame (hand, 61));
  fail_if (get_hand_id (h, copy_frame (hand, 2)) == id);
  id = get_hand_id (h, copy_frame (hand, 3));
  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_control ("adjust_quality", NULL)));
  fail_unless_equals_int (get_hand_id (h, copy_frame (hand, 4)), id);
  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_control ("change_camera", NULL)));
  fail_if (get_hand_id (h, copy_frame (hand, 5)) == id);
  id = get_hand_id (h, copy_frame (hand, 6));
  push_caps (h, HAND_HEIGHT - 2);
  push_caps (h, HAND_HEIGHT);
  fail_if (get_hand_id (h, copy_frame (hand, 7)) == id);
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_END_TEST;

/* A gap has no picture: it goes through, and what is known stays. */
GST_START_TEST (test_gap)
{
  GstHarness *h = new_harness ("I420", HAND_WIDTH, HAND_HEIGHT);
  GstBuffer *hand = new_hand ("I420"), *frame, *out;
  guint id = get_hand_id (h, copy_frame (hand, 0));
  guint64 analysed = get_stat (h, "frames-analysed");

  frame = copy_frame (hand, 1);
  GST_BUFFER_FLAG_SET (frame, GST_BUFFER_FLAG_GAP);
  out = push_frame (h, frame);
  fail_unless (is_equal (hand, out));
  fail_unless (gst_buffer_get_tryon_nails_meta (out) == NULL);
  gst_buffer_unref (out);
  fail_unless_equals_uint64 (get_stat (h, "frames-analysed"), analysed);
  fail_unless_equals_int (get_hand_id (h, copy_frame (hand, 2)), id);
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_END_TEST;

/* Makes the frames up to that one and a few behind it late. */
static void
send_late_qos (GstHarness * h, guint number)
{
  fail_unless (gst_harness_push_upstream_event (h,
          gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 2.0, FRAME_TIME,
              number * FRAME_TIME)));
}

GST_START_TEST (test_late)
{
  GstHarness *h = new_harness ("I420", HAND_WIDTH, HAND_HEIGHT);
  GstBuffer *hand = new_hand ("I420"), *out;
  guint64 analysed;

  send_late_qos (h, 4);
  fail_unless_equals_int (gst_harness_push (h, copy_frame (hand, 4)),
      GST_FLOW_OK);
  fail_unless (gst_harness_try_pull (h) == NULL);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_QOS), 1);
  fail_unless_equals_uint64 (get_stat (h, "frames-late"), 1);
  get_hand_id (h, copy_frame (hand, 10));

  /* Without drawing it goes on, and only is not looked at. */
  g_object_set (h->element, "draw", FALSE, NULL);
  get_hand_id (h, copy_frame (hand, 11));
  analysed = get_stat (h, "frames-analysed");
  send_late_qos (h, 12);
  out = push_frame (h, copy_frame (hand, 12));
  fail_unless (is_equal (hand, out));
  fail_unless (gst_buffer_get_tryon_nails_meta (out) == NULL);
  gst_buffer_unref (out);
  fail_unless_equals_uint64 (get_stat (h, "frames-analysed"), analysed);
  fail_unless_equals_uint64 (get_stat (h, "frames-late"), 2);
  get_hand_id (h, copy_frame (hand, 18));
  fail_unless_equals_uint64 (get_stat (h, "frames"),
      get_stat (h, "frames-analysed") + get_stat (h, "frames-late"));

  /* And not even that when it is told to ignore QoS. */
  g_object_set (h->element, "qos", FALSE, NULL);
  send_late_qos (h, 19);
  get_hand_id (h, copy_frame (hand, 19));
  g_object_set (h->element, "draw", TRUE, NULL);
  send_late_qos (h, 20);
  get_hand_id (h, copy_frame (hand, 20));
  fail_unless_equals_uint64 (get_stat (h, "frames-late"), 2);
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_END_TEST;

/* After a flush it begins anew, and nothing is late any more. */
GST_START_TEST (test_flush)
{
  GstHarness *h = new_harness ("I420", HAND_WIDTH, HAND_HEIGHT);
  GstBuffer *hand = new_hand ("I420");
  GstSegment segment;
  guint id = get_hand_id (h, copy_frame (hand, 0));

  send_late_qos (h, 4);
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_start ()));
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  fail_unless (gst_harness_push_event (h, gst_event_new_segment (&segment)));
  fail_if (get_hand_id (h, copy_frame (hand, 1)) == id);
  gst_buffer_unref (hand);
  teardown_harness (h);
}

GST_END_TEST;

static Suite *
tryonnailshand_suite (void)
{
  Suite *s = suite_create ("tryonnailshand");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_dressed);
  tcase_add_test (tc, test_photographs);
  tcase_add_test (tc, test_places);
  tcase_add_test (tc, test_draw_off);
  tcase_add_test (tc, test_shared_memory);
  tcase_add_test (tc, test_design_while_playing);
  tcase_add_test (tc, test_references);
  tcase_add_test (tc, test_messages);
  tcase_add_test (tc, test_when_it_begins_anew);
  tcase_add_test (tc, test_gap);
  tcase_add_test (tc, test_late);
  tcase_add_test (tc, test_flush);
  return s;
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  /* The reason has been printed. */
  if (!have_models () || get_hand_path () == NULL)
    return 77;
  return gst_check_run_suite (tryonnailshand_suite (), "tryonnailshand",
      __FILE__);
}
