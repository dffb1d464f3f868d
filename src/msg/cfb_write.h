/* cfb_write.h - writes compound files (OLE2, the container of .msg).
 *
 * Storages and streams are named first, then the file is written from front
 * to back: a stream's bytes go from its blob to the sink and are never held.
 * The same tree gives the same bytes. Version 3 (sectors of 512 bytes) up to
 * 2 GiB, version 4 (4096) above. Every storage's children are a balanced tree
 * in the order that readers search by.
 * Source: [MS-CFB] 2.1 to 2.9; spec cfb.md.
 */
#ifndef CV_MSG_CFB_WRITE_H
#define CV_MSG_CFB_WRITE_H

#include "base/arena.h"
#include "base/buf.h"

#define CV_CFB_ROOT_ID 0     /* the storage that is the file itself */
#define CV_CFB_NAME_BYTES 62 /* of UTF-16, without NUL: the longest name */

typedef struct cv_cfb_writer cv_cfb_writer;

/* A file with nothing but its root; lives in the arena.
 * Errors: the arena's. */
CV_NODISCARD cv_status cv_cfb_writer_new(cv_arena *arena, cv_cfb_writer **out,
                                         cv_error *err);
/* A storage in another one; *id names it in later calls. Names have 1 to 31
 * characters; those of a storage are distinct without case: of equal ones the
 * first is written.
 * Errors: CV_ERR_LIMIT for names that are too long; the arena's. */
CV_NODISCARD cv_status cv_cfb_add_storage(cv_cfb_writer *w, uint32_t parent,
                                          const char *name, uint32_t *id,
                                          cv_error *err);
/* A stream. What data borrows must live until the file is written. *size, which
 * may be NULL: its bytes, also where data does not tell.
 * Errors: as above; a blob's, where only pumping can tell its size. */
CV_NODISCARD cv_status cv_cfb_add_stream(cv_cfb_writer *w, uint32_t parent,
                                         const char *name, const cv_blob *data,
                                         uint64_t *size, cv_error *err);
/* The same with names in UTF-16LE, which may be any characters; borrowed. */
CV_NODISCARD cv_status cv_cfb_add_storage16(cv_cfb_writer *w, uint32_t parent,
                                            cv_slice name16, uint32_t *id,
                                            cv_error *err);
CV_NODISCARD cv_status cv_cfb_add_stream16(cv_cfb_writer *w, uint32_t parent,
                                           cv_slice name16, const cv_blob *data,
                                           cv_error *err);
/* clsid: 16 bytes. */
void cv_cfb_set_clsid(cv_cfb_writer *w, uint32_t storage, cv_slice clsid);

/* Files above this many bytes are of version 4; 0x7FFFFFFF unless set, which
 * is for tests. */
void cv_cfb_writer_set_limit_v3(cv_cfb_writer *w, uint64_t size_bytes);

/* The file as a blob whose size is known and which may be pumped as often as
 * wanted; it lives as long as the arena and what the streams borrow. No more
 * entries may be added.
 * Errors: the arena's; pumping fails with the sink's and a stream's, and with
 * CV_ERR_IO when a stream has not the size it told. */
CV_NODISCARD cv_status cv_cfb_writer_blob(cv_cfb_writer *w, cv_blob *out,
                                          cv_error *err);
/* That blob, into a sink. */
CV_NODISCARD cv_status cv_cfb_write(cv_cfb_writer *w, const cv_sink *out,
                                    cv_error *err);

#endif
