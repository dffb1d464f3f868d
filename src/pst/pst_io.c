/* The bytes of a file with repaired ones laid over them, for libbfio. */
#include "pst/pst_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cv_pst_view_clear(pst_view *view)
{
    while (view->patches) {
        pst_patch *next = view->patches->next;
        free(view->patches);
        view->patches = next;
    }
}

cv_status cv_pst_view_patch(pst_view *view, uint64_t offset, cv_slice bytes,
                            cv_error *err)
{
    pst_patch *patch = malloc(sizeof *patch + bytes.len);
    if (!patch)
        return cv_fail(err, CV_ERR_NOMEM, "no memory for a repaired page");
    pst_patch **end = &view->patches;
    while (*end)
        end = &(*end)->next;
    *patch = (pst_patch){ .offset = offset, .len = bytes.len };
    memcpy(patch->bytes, bytes.ptr, bytes.len);
    *end = patch;
    return CV_OK;
}

void cv_pst_view_read(const pst_view *view, uint64_t from, size_t len,
                      uint8_t *out)
{
    memcpy(out, view->in.ptr + from, len);
    for (const pst_patch *p = view->patches; p; p = p->next) {
        uint64_t low = p->offset > from ? p->offset : from;
        uint64_t end = p->offset + p->len;
        uint64_t high = end < from + len ? end : from + len;
        if (low < high)
            memcpy(out + (low - from), p->bytes + (low - p->offset),
                   (size_t)(high - low));
    }
}

/* -- libbfio's functions; a handle is a view -- */

static pst_view *view_of(intptr_t *handle)
{
    return (pst_view *)(void *)handle;
}

static int no_free(intptr_t **handle, libbfio_error_t **why)
{
    (void)why;
    *handle = NULL; /* the cv_pst owns it */
    return 1;
}

static int open_view(intptr_t *handle, int flags, libbfio_error_t **why)
{
    (void)flags;
    (void)why;
    view_of(handle)->at = 0;
    return 1;
}

static int close_view(intptr_t *handle, libbfio_error_t **why)
{
    (void)handle;
    (void)why;
    return 0;
}

static ssize_t read_view(intptr_t *handle, uint8_t *out, size_t size,
                         libbfio_error_t **why)
{
    pst_view *view = view_of(handle);
    (void)why;
    if (view->at >= view->in.len)
        return 0;
    uint64_t left = view->in.len - view->at;
    size_t len = size < left ? size : (size_t)left;
    cv_pst_view_read(view, view->at, len, out);
    view->at += len;
    return (ssize_t)len;
}

static ssize_t no_write(intptr_t *handle, const uint8_t *bytes, size_t size,
                        libbfio_error_t **why)
{
    (void)handle;
    (void)bytes;
    (void)size;
    (void)why;
    return -1;
}

static off64_t seek_view(intptr_t *handle, off64_t offset, int whence,
                         libbfio_error_t **why)
{
    pst_view *view = view_of(handle);
    int64_t base = whence == SEEK_CUR   ? (int64_t)view->at
                   : whence == SEEK_END ? (int64_t)view->in.len
                                        : 0;
    int64_t to;
    (void)why;
    if (!cv_add(base, (int64_t)offset, &to) || to < 0)
        return -1;
    view->at = (uint64_t)to;
    return to;
}

static int always(intptr_t *handle, libbfio_error_t **why)
{
    (void)handle;
    (void)why;
    return 1;
}

static int size_of_view(intptr_t *handle, size64_t *size, libbfio_error_t **why)
{
    (void)why;
    *size = view_of(handle)->in.len;
    return 1;
}

cv_status cv_pst_view_open(pst_view *view, libbfio_handle_t **out,
                           cv_error *err)
{
    libbfio_error_t *why = NULL;
    if (cv_pst_bfio()->libbfio_handle_initialize(
            out, (intptr_t *)(void *)view, no_free, NULL, open_view, close_view,
            read_view, no_write, seek_view, always, always, size_of_view,
            LIBBFIO_FLAG_IO_HANDLE_NON_MANAGED, &why) == 1)
        return CV_OK;
    cv_pst_bfio()->libbfio_error_free(&why);
    return cv_fail(err, CV_ERR_NOMEM, "no memory for a PST's handle");
}
