/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <glib/gstdio.h>

#include "gsttryonnailsreferences.h"

/* Larger than any picture of nails; a mistaken path may be that of a film. */
#define MAX_FILE_SIZE (32 * 1024 * 1024)

typedef struct
{
  GstTryonNailsReferenceKind kind;
  guint serial;
  gchar *name;
  GBytes *image;
} Request;

typedef struct
{
  guint serial;                 /* of the newest that was asked for */
  Request *pending;
  gboolean is_set;
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
} Slot;

struct _GstTryonNailsReferences
{
  gint ref_count;               /* atomic */
  GstTryonNailsLoadedFunc func;
  GstTryonNetPool *palm;
  GstTryonNetPool *landmarks;
  GstTryonNetPool *nail_net;

  GMutex lock;
  /* With the lock. */
  Slot slots[GST_TRYON_NAILS_N_REFERENCE_KINDS];
  guint version;                /* grows when what is to be drawn may have changed */
  gboolean is_running;          /* a thread looks for more */
  gboolean is_stopped;
};

static void
request_free (Request * request)
{
  if (request == NULL)
    return;
  g_clear_pointer (&request->image, g_bytes_unref);
  g_free (request->name);
  g_free (request);
}

static void
clear_textures (GstTryonNailTexture ** textures)
{
  guint i;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    g_clear_pointer (&textures[i], gst_tryon_nail_texture_unref);
}

/* ---- the object ---- */

GstTryonNailsReferences *
gst_tryon_nails_references_new (GstTryonNailsLoadedFunc func,
    GstTryonNetPool * palm, GstTryonNetPool * landmarks,
    GstTryonNetPool * nail_net)
{
  GstTryonNailsReferences *self = g_new0 (GstTryonNailsReferences, 1);

  self->ref_count = 1;
  self->func = func;
  self->palm = gst_tryon_net_pool_ref (palm);
  self->landmarks = gst_tryon_net_pool_ref (landmarks);
  self->nail_net = gst_tryon_net_pool_ref (nail_net);
  g_mutex_init (&self->lock);
  self->version = 1;
  return self;
}

GstTryonNailsReferences *
gst_tryon_nails_references_ref (GstTryonNailsReferences * self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
gst_tryon_nails_references_unref (GstTryonNailsReferences * self)
{
  guint i;

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  for (i = 0; i < GST_TRYON_NAILS_N_REFERENCE_KINDS; i++) {
    request_free (self->slots[i].pending);
    clear_textures (self->slots[i].textures);
  }
  gst_tryon_net_pool_unref (self->palm);
  gst_tryon_net_pool_unref (self->landmarks);
  gst_tryon_net_pool_unref (self->nail_net);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
gst_tryon_nails_references_stop (GstTryonNailsReferences * self)
{
  g_mutex_lock (&self->lock);
  self->is_stopped = TRUE;
  g_mutex_unlock (&self->lock);
}

/* ---- loading ---- */

/* (transfer full) */
static GBytes *
read_file (const gchar * path, GError ** error)
{
  GStatBuf info;
  gchar *data;
  gsize size;

  /* Nothing is read that may never end, such as a device or a pipe. */
  if (g_stat (path, &info) == 0) {
    if (!S_ISREG (info.st_mode)) {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
          "%s is no file", path);
      return NULL;
    }
    if (info.st_size > MAX_FILE_SIZE) {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
          "%s has %" G_GUINT64_FORMAT " bytes, at most %u are taken", path,
          (guint64) info.st_size, MAX_FILE_SIZE);
      return NULL;
    }
  }
  if (!g_file_get_contents (path, &data, &size, error))
    return NULL;
  return g_bytes_new_take (data, size);
}

/* Takes @textures, unless something newer has been asked for meanwhile; returns
 * whether not. */
static gboolean
put_on (GstTryonNailsReferences * self, const Request * request,
    GstTryonNailTexture ** textures)
{
  GstTryonNailTexture *old[GST_TRYON_N_FINGERS] = { NULL, };
  Slot *slot = &self->slots[request->kind];
  gboolean counts;
  guint i;

  g_mutex_lock (&self->lock);
  counts = !self->is_stopped && request->serial == slot->serial;
  if (counts && textures != NULL) {
    for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
      old[i] = slot->textures[i];
      slot->textures[i] = g_steal_pointer (&textures[i]);
    }
    slot->is_set = TRUE;
    self->version++;
  }
  g_mutex_unlock (&self->lock);
  clear_textures (old);
  return counts;
}

static void
load (GstTryonNailsReferences * self, Request * request, GstObject * owner)
{
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS] = { NULL, };
  GError *error = NULL;
  guint n_found = 0;
  gboolean ok = FALSE;

  if (request->image == NULL)
    request->image = read_file (request->name, &error);
  if (request->image != NULL)
    ok = gst_tryon_reference_take (request->image, self->palm,
        self->landmarks, self->nail_net, textures, &n_found, &error);

  if (put_on (self, request, ok ? textures : NULL))
    self->func (owner, request->kind, request->name, n_found, error);
  clear_textures (textures);
  g_clear_error (&error);
}

/* (transfer full) (nullable): the next one; when there is none the thread is said to
 * have ended. */
static Request *
next_request (GstTryonNailsReferences * self)
{
  Request *request = NULL;
  guint i;

  g_mutex_lock (&self->lock);
  for (i = 0; i < GST_TRYON_NAILS_N_REFERENCE_KINDS; i++) {
    if (request == NULL && !self->is_stopped)
      request = g_steal_pointer (&self->slots[i].pending);
  }
  self->is_running = request != NULL;
  g_mutex_unlock (&self->lock);
  return request;
}

static void
run (GstElement * owner, gpointer user_data)
{
  GstTryonNailsReferences *self = user_data;
  Request *request;

  while ((request = next_request (self)) != NULL) {
    load (self, request, GST_OBJECT (owner));
    request_free (request);
  }
}

static Request *
new_request (GstTryonNailsReferences * self, GstTryonNailsReferenceKind kind,
    const gchar * name, GBytes * image)
{
  Request *request = g_new0 (Request, 1);

  request->kind = kind;
  request->name = g_strdup (name);
  request->image = image;
  g_mutex_lock (&self->lock);
  request->serial = ++self->slots[kind].serial;
  g_mutex_unlock (&self->lock);
  return request;
}

void
gst_tryon_nails_references_load (GstTryonNailsReferences * self,
    GstElement * owner, GstTryonNailsReferenceKind kind, const gchar * name,
    GBytes * image, gboolean wait)
{
  Request *request = new_request (self, kind, name, image), *replaced;
  gboolean is_running;

  g_return_if_fail (name != NULL || image != NULL);

  if (wait) {
    load (self, request, GST_OBJECT (owner));
    request_free (request);
    return;
  }
  g_mutex_lock (&self->lock);
  replaced = self->slots[kind].pending;
  self->slots[kind].pending = request;
  is_running = self->is_running;
  self->is_running = TRUE;
  g_mutex_unlock (&self->lock);
  request_free (replaced);

  /* Threads of this kind are waited for when GStreamer ends, and not by an element
   * that stops. */
  if (!is_running)
    gst_element_call_async (owner, run, gst_tryon_nails_references_ref (self),
        (GDestroyNotify) gst_tryon_nails_references_unref);
}

void
gst_tryon_nails_references_clear (GstTryonNailsReferences * self,
    GstTryonNailsReferenceKind kind)
{
  GstTryonNailTexture *old[GST_TRYON_N_FINGERS];
  Slot *slot = &self->slots[kind];
  Request *dropped;
  guint i;

  g_mutex_lock (&self->lock);
  slot->serial++;
  dropped = g_steal_pointer (&slot->pending);
  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    old[i] = g_steal_pointer (&slot->textures[i]);
  slot->is_set = FALSE;
  self->version++;
  g_mutex_unlock (&self->lock);
  request_free (dropped);
  clear_textures (old);
}

void
gst_tryon_nails_references_update (GstTryonNailsReferences * self,
    GstTryonDesign * design, guint * version)
{
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS] = { NULL, };
  const Slot *slot;
  gboolean changed;
  guint i;

  g_mutex_lock (&self->lock);
  changed = *version != self->version;
  *version = self->version;
  slot = &self->slots[GST_TRYON_NAILS_REFERENCE_CLIENT];
  if (!slot->is_set)
    slot = &self->slots[GST_TRYON_NAILS_REFERENCE_OWN];
  for (i = 0; changed && slot->is_set && i < GST_TRYON_N_FINGERS; i++)
    textures[i] = gst_tryon_nail_texture_ref (slot->textures[i]);
  g_mutex_unlock (&self->lock);

  for (i = 0; changed && i < GST_TRYON_N_FINGERS; i++)
    gst_tryon_design_set_texture (design, i, textures[i]);
  clear_textures (textures);
}
