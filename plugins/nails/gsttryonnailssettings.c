/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnailssettings.h"

#define DEFAULT_MODEL GST_TRYON_HAND_MODEL_LITE
#define DEFAULT_DRAW TRUE
#define DEFAULT_INTERVAL 0
#define MAX_INTERVAL (60 * 60 * 1000)
#define MAX_LENGTH 2.0

#define GST_TYPE_TRYON_HAND_MODEL (gst_tryon_hand_model_get_type ())
static GType
gst_tryon_hand_model_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    {GST_TRYON_HAND_MODEL_LITE, "Half the time of the full one", "lite"},
    {GST_TRYON_HAND_MODEL_FULL, "More exact", "full"},
    {0, NULL, NULL},
  };

  if (g_once_init_enter (&type)) {
    GType t = g_enum_register_static ("GstTryonHandModel", values);
    g_once_init_leave (&type, t);
  }
  return type;
}

void
gst_tryon_nails_settings_init (GstTryonNailsSettings * settings)
{
  settings->model = DEFAULT_MODEL;
  settings->model_location = NULL;
  settings->max_hands = GST_TRYON_MAX_HANDS;
  settings->draw = DEFAULT_DRAW;
  settings->reference = NULL;
  settings->interval = DEFAULT_INTERVAL;
  gst_tryon_design_init (&settings->design);
}

void
gst_tryon_nails_settings_clear (GstTryonNailsSettings * settings)
{
  g_clear_pointer (&settings->model_location, g_free);
  g_clear_pointer (&settings->reference, g_free);
  gst_tryon_design_clear (&settings->design);
}

static void
set_string (gchar ** string, const GValue * value)
{
  g_free (*string);
  *string = g_value_dup_string (value);
}

gboolean
gst_tryon_nails_settings_set (GstTryonNailsSettings * settings, guint prop_id,
    const GValue * value)
{
  switch (prop_id) {
    case GST_TRYON_NAILS_PROP_MODEL:
      settings->model = g_value_get_enum (value);
      break;
    case GST_TRYON_NAILS_PROP_MODEL_LOCATION:
      set_string (&settings->model_location, value);
      break;
    case GST_TRYON_NAILS_PROP_MAX_HANDS:
      settings->max_hands = g_value_get_uint (value);
      break;
    case GST_TRYON_NAILS_PROP_DRAW:
      settings->draw = g_value_get_boolean (value);
      break;
    case GST_TRYON_NAILS_PROP_REFERENCE:
      set_string (&settings->reference, value);
      break;
    case GST_TRYON_NAILS_PROP_SHAPE:
      settings->design.shape = g_value_get_enum (value);
      break;
    case GST_TRYON_NAILS_PROP_LENGTH:
      settings->design.length = g_value_get_double (value);
      break;
    case GST_TRYON_NAILS_PROP_PATTERN:
      settings->design.pattern = g_value_get_enum (value);
      break;
    case GST_TRYON_NAILS_PROP_COLOR:
      settings->design.color = g_value_get_uint (value);
      break;
    case GST_TRYON_NAILS_PROP_TIP_COLOR:
      settings->design.color2 = g_value_get_uint (value);
      break;
    case GST_TRYON_NAILS_PROP_FINISH:
      settings->design.finish = g_value_get_enum (value);
      break;
    case GST_TRYON_NAILS_PROP_INTERVAL:
      settings->interval = g_value_get_uint (value);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

gboolean
gst_tryon_nails_settings_get (const GstTryonNailsSettings * settings,
    guint prop_id, GValue * value)
{
  switch (prop_id) {
    case GST_TRYON_NAILS_PROP_MODEL:
      g_value_set_enum (value, settings->model);
      break;
    case GST_TRYON_NAILS_PROP_MODEL_LOCATION:
      g_value_set_string (value, settings->model_location);
      break;
    case GST_TRYON_NAILS_PROP_MAX_HANDS:
      g_value_set_uint (value, settings->max_hands);
      break;
    case GST_TRYON_NAILS_PROP_DRAW:
      g_value_set_boolean (value, settings->draw);
      break;
    case GST_TRYON_NAILS_PROP_REFERENCE:
      g_value_set_string (value, settings->reference);
      break;
    case GST_TRYON_NAILS_PROP_SHAPE:
      g_value_set_enum (value, settings->design.shape);
      break;
    case GST_TRYON_NAILS_PROP_LENGTH:
      g_value_set_double (value, settings->design.length);
      break;
    case GST_TRYON_NAILS_PROP_PATTERN:
      g_value_set_enum (value, settings->design.pattern);
      break;
    case GST_TRYON_NAILS_PROP_COLOR:
      g_value_set_uint (value, settings->design.color);
      break;
    case GST_TRYON_NAILS_PROP_TIP_COLOR:
      g_value_set_uint (value, settings->design.color2);
      break;
    case GST_TRYON_NAILS_PROP_FINISH:
      g_value_set_enum (value, settings->design.finish);
      break;
    case GST_TRYON_NAILS_PROP_INTERVAL:
      g_value_set_uint (value, settings->interval);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

static void
install_design (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_PLAYING | GST_PARAM_CONTROLLABLE;
  GstTryonDesign design;

  gst_tryon_design_init (&design);
  /**
   * GstTryonNails:shape:
   *
   * What the nails are grown to, beyond the finger where
   * #GstTryonNails:length says so.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_SHAPE,
      g_param_spec_enum ("shape", "Shape",
          "What the nails are grown to", gst_tryon_nail_shape_get_type (),
          design.shape, flags));
  /**
   * GstTryonNails:length:
   *
   * Of the free edge that is added, in lengths of the nail: 0 adds nothing, 1 makes
   * it twice as long.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_LENGTH,
      g_param_spec_double ("length", "Length",
          "Length of the free edge that is added, in lengths of the nail (0 = none)",
          0.0, MAX_LENGTH, design.length, flags));
  /**
   * GstTryonNails:pattern:
   *
   * What is drawn. `reference` is like `solid` as long as there is no reference.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_PATTERN,
      g_param_spec_enum ("pattern", "Pattern",
          "What is drawn; reference is like solid where there is none",
          gst_tryon_nail_pattern_get_type (), design.pattern, flags));
  /**
   * GstTryonNails:color:
   *
   * The nails' colour, 0xAARRGGBB. Alpha is how much it covers of the nail, also of
   * a reference.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_COLOR,
      g_param_spec_uint ("color", "Color",
          "Colour of the nails, 0xAARRGGBB; alpha: how much it covers of the nail",
          0, G_MAXUINT32, design.color, flags));
  /**
   * GstTryonNails:tip-color:
   *
   * The colour of a french tip, and of what an ombre ends in, 0xAARRGGBB.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_TIP_COLOR,
      g_param_spec_uint ("tip-color", "Tip color",
          "Colour of a french tip, and at the tip of an ombre, 0xAARRGGBB",
          0, G_MAXUINT32, design.color2, flags));
  /**
   * GstTryonNails:finish:
   *
   * How the nails reflect the light.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_FINISH,
      g_param_spec_enum ("finish", "Finish",
          "How the nails reflect the light", gst_tryon_nail_finish_get_type (),
          design.finish, flags));
  gst_tryon_design_clear (&design);
}

void
gst_tryon_nails_settings_install (GObjectClass * klass)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;
  const GParamFlags playing = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_PLAYING;

  /**
   * GstTryonNails:model:
   *
   * The hand models: lite ones for real time, full ones for exactness.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_MODEL,
      g_param_spec_enum ("model", "Model",
          "Hand models: lite takes half the time, full is more exact",
          GST_TYPE_TRYON_HAND_MODEL, DEFAULT_MODEL, ready));
  /**
   * GstTryonNails:model-location:
   *
   * The folder of the hand models. Where it is not set: the environment variable
   * TRYON_MODELS, then the user's data folder, then the system's.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_MODEL_LOCATION,
      g_param_spec_string ("model-location",
          "Model location",
          "Folder of the hand models, which gst-tryon-fetch-models gets"
          " (unset = $TRYON_MODELS, the user's data folder, the system's)",
          NULL, ready));
  /**
   * GstTryonNails:max-hands:
   *
   * Hands that are followed. While there are fewer, others are looked for, which
   * costs time: set it to 1 where one is enough.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_MAX_HANDS,
      g_param_spec_uint ("max-hands", "Max hands",
          "Hands that are followed; while there are fewer, others are looked for",
          1, GST_TRYON_MAX_HANDS, GST_TRYON_MAX_HANDS, playing));
  /**
   * GstTryonNails:draw:
   *
   * Off: no frame is changed; results are given as a meta and as messages only.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_DRAW,
      g_param_spec_boolean ("draw", "Draw",
          "Draw the design; off: only tell where hands and nails are",
          DEFAULT_DRAW, playing | GST_PARAM_CONTROLLABLE));
  /**
   * GstTryonNails:reference:
   *
   * The path of a picture (WebP, JPEG, PNG) that shows the design, on nails or as a
   * swatch; turned as its EXIF says. It counts with #GstTryonNails:pattern being
   * `reference`.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_REFERENCE,
      g_param_spec_string ("reference", "Reference",
          "Path of a picture of the design, on nails or as a swatch: WebP, JPEG, PNG"
          " (unset = none)", NULL, playing));
  install_design (klass);
  /**
   * GstTryonNails:interval:
   *
   * Time between two `tryon-nails` messages, in milliseconds; 0 for none.
   */
  g_object_class_install_property (klass, GST_TRYON_NAILS_PROP_INTERVAL,
      g_param_spec_uint ("interval", "Interval",
          "Time between two tryon-nails messages, milliseconds (0 = no messages)",
          0, MAX_INTERVAL, DEFAULT_INTERVAL, playing));
  gst_type_mark_as_plugin_api (GST_TYPE_TRYON_HAND_MODEL, 0);
  gst_type_mark_as_plugin_api (gst_tryon_nail_shape_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_tryon_nail_pattern_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_tryon_nail_finish_get_type (), 0);
}
