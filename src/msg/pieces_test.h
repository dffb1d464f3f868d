/* pieces_test.h - .msg files from a list of streams, for tests: files that no
 * writer of ours makes. */
#ifndef CV_MSG_PIECES_TEST_H
#define CV_MSG_PIECES_TEST_H

#include "base/text.h"
#include "msg/cfb_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SUBJECT8 "__substg1.0_0037001E"
#define SUBJECT "__substg1.0_0037001F"
#define PROPS "__properties_version1.0"
#define ATTACH "__attach_version1.0_#00000000/"
#define EMBEDDED ATTACH "__substg1.0_3701000D/"

/* "a/b" is stream b in storage a. A name that ends in '/' is an empty
 * storage. */
typedef struct piece {
    const char *name;
    cv_slice bytes;
} piece;

typedef struct pieces_dir {
    cv_slice path; /* "a/b/" */
    uint32_t id;
} pieces_dir;

enum { PIECES_MAX_DIRS = 32 };

typedef struct pieces_maker {
    cv_arena *arena;
    cv_cfb_writer *file;
    pieces_dir dirs[PIECES_MAX_DIRS];
    size_t count;
} pieces_maker;

static inline cv_slice pieces_utf16(cv_arena *arena, cv_slice text)
{
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_utf8_to_utf16le(&out, text);
    cv_slice copy = cv_buf_dup(&out, arena);
    assert_non_null(copy.ptr);
    cv_buf_clear(&out);
    return copy;
}

/* The storage that the first `len` bytes of the path name, made when new. */
static inline uint32_t pieces_dir_of(pieces_maker *m, cv_slice path)
{
    uint32_t id = CV_CFB_ROOT_ID;
    for (size_t from = 0, slash; from < path.len; from = slash + 1) {
        size_t i = 0;
        slash = cv_slice_find_byte(path, '/', from);
        cv_slice upto = cv_slice_sub(path, 0, slash + 1);
        while (i < m->count && !cv_slice_eq(m->dirs[i].path, upto))
            i++;
        if (i == m->count) {
            assert_true(m->count < PIECES_MAX_DIRS);
            cv_slice name = cv_slice_sub(path, from, slash - from);
            assert_int_equal(cv_cfb_add_storage16(m->file, id,
                                                  pieces_utf16(m->arena, name),
                                                  &id, NULL),
                             CV_OK);
            m->dirs[m->count++] = (pieces_dir){ upto, id };
        }
        id = m->dirs[i].id;
    }
    return id;
}

static inline void pieces_add(pieces_maker *m, const piece *row)
{
    const char *slash = strrchr(row->name, '/');
    size_t len = slash ? (size_t)(slash - row->name) + 1 : 0;
    uint32_t dir = pieces_dir_of(m, cv_slice_of(row->name, len));
    cv_slice name = cv_slice_cstr(row->name + len);
    cv_blob bytes = cv_blob_mem(row->bytes);
    if (name.len)
        assert_int_equal(cv_cfb_add_stream16(m->file, dir,
                                             pieces_utf16(m->arena, name),
                                             &bytes, NULL),
                         CV_OK);
}

/* The file; the caller clears it. */
static inline cv_buf pieces_file(const piece *rows, size_t count)
{
    cv_buf out;
    pieces_maker m = { .count = 0 };
    cv_buf_init(&out, 0);
    cv_sink sink = cv_buf_sink(&out);
    assert_int_equal(cv_arena_new(0, &m.arena, NULL), CV_OK);
    assert_int_equal(cv_cfb_writer_new(m.arena, &m.file, NULL), CV_OK);
    for (size_t i = 0; i < count; i++)
        pieces_add(&m, &rows[i]);
    assert_int_equal(cv_cfb_write(m.file, &sink, NULL), CV_OK);
    cv_arena_free(&m.arena);
    return out;
}

/* -- property streams -- */

#define TOP_HEADER \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define EMBEDDED_HEADER \
    "\0\0\0\0\0\0\0\0\0\0\0\0" \
    "\0\0\0\0\0\0\0\0\0\0\0\0"
#define ROW_HEADER "\0\0\0\0\0\0\0\0"
/* An entry of type PtypInteger32; id and value as bytes, low first. */
#define ENTRY_I32(id, value) "\3\0" id "\6\0\0\0" value "\0\0\0\0"

#endif
