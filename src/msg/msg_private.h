/* msg_private.h - what the reader and the writer of .msg files share. */
#ifndef CV_MSG_PRIVATE_H
#define CV_MSG_PRIVATE_H

#include "mapi/object.h"
#include "msg/cfb.h"
#include "msg/cfb_write.h"

#define MSG_PROPERTIES "__properties_version1.0"
#define MSG_NAMEID "__nameid_version1.0"
#define MSG_STREAM "__substg1.0_"
#define MSG_RECIPIENT "__recip_version1.0_#"
#define MSG_ATTACHMENT "__attach_version1.0_#"

#define MSG_ID_ATTACH_DATA 0x3701 /* PidTagAttachDataBinary and -Object */
#define MSG_METHOD_BY_VALUE 1     /* PidTagAttachMethod */
#define MSG_METHOD_EMBEDDED 5
#define MSG_METHOD_OLE 6
#define MSG_UNICODE 0x00040000 /* bit of PidTagStoreSupportMask */

/* Bytes of the header before the first entry of a property stream. */
#define MSG_HEADER_TOP 32
#define MSG_HEADER_EMBEDDED 24
#define MSG_HEADER_ROW 8
#define MSG_ENTRY_BYTES 16

/* -- msg_text.c: 8-bit text -- */

/* Code pages that a message names; 0 where it does not. */
typedef struct msg_pages {
    uint32_t strings;  /* PidTagMessageCodepage */
    uint32_t internet; /* PidTagInternetCodepage */
    uint32_t locale;   /* of PidTagMessageLocaleId's language */
} msg_pages;

/* Of a message; inherited: its parent's, for what it does not name. */
msg_pages cv_msg_pages(const cv_bag *props, msg_pages inherited);
/* For 8-bit text that is written: the page it will be read with. */
uint32_t cv_msg_page_to_write(const msg_pages *pages);
/* Text of one value: by the message's pages in the order above, then UTF-8 if
 * it is, then 1252. *instead: the page that could read what the first one
 * could not, else 0. *lossy: none could. ptr NULL when the arena is
 * exhausted. */
cv_slice cv_msg_text(const msg_pages *pages, uint16_t type, cv_slice bytes,
                     cv_arena *arena, bool *lossy, uint32_t *instead);

/* The CRC-32 of name hashes: polynomial 0xEDB88320, start 0, no inversion.
 * Source: [MS-OXRTFCP] 2.2.1. */
uint32_t cv_msg_crc(cv_slice bytes);

/* -- msg_names.c: the name table of a file -- */

typedef struct msg_names {
    cv_names *names; /* borrowed, of the object tree */
    cv_arena *arena; /* borrowed */
    cv_report *report;
    cv_slice guids, entries, strings;
    size_t count;        /* entries */
    uint16_t *positions; /* arena; entry position + 1 by id - 0x8000 */
    cv_tag *tags;        /* arena; 0 while not asked for */
    bool complained;
} msg_names;

/* A file without a name table gives a table without names. */
CV_NODISCARD cv_status cv_msg_names_open(const cv_cfb *cfb, cv_object *obj,
                                         cv_report *report, msg_names *out,
                                         cv_error *err);
/* Convoke's tag (type 0) of a named property of the file; id from 0x8000. A
 * number without a name becomes the number itself in the zero set. */
CV_NODISCARD cv_status cv_msg_names_tag(msg_names *names, uint16_t id,
                                        cv_tag *tag, cv_error *err);

/* The three streams of a table and its hash buckets, to be written. */
#define MSG_BUCKETS 31
typedef struct msg_name_streams {
    cv_buf guids, entries, strings;
    cv_buf buckets[MSG_BUCKETS]; /* stream 0x1000 + index; empty: none */
} msg_name_streams;

void cv_msg_name_streams_init(msg_name_streams *s);
void cv_msg_name_streams_clear(msg_name_streams *s);
/* Gives the name the next number from 0x8000. */
void cv_msg_name_streams_add(msg_name_streams *s, const cv_name *name,
                             cv_arena *scratch);
CV_NODISCARD cv_status cv_msg_name_streams_status(const msg_name_streams *s,
                                                  cv_error *err);

/* -- msg_ole.c: storages that are an attachment's data -- */

/* The storage as a compound file of its own, which is made when it is pumped;
 * it lives as long as the arena and the input.
 * Errors: the arena's; CV_ERR_LIMIT when storages nest too deep. */
CV_NODISCARD cv_status cv_msg_ole_blob(const cv_cfb *cfb,
                                       const cv_cfb_entry *storage,
                                       cv_arena *arena, cv_blob *out,
                                       cv_error *err);
/* The children and the class id of a storage, into storage `to` of a file.
 * Errors: as above. */
CV_NODISCARD cv_status cv_msg_ole_copy(const cv_cfb *cfb,
                                       const cv_cfb_entry *storage,
                                       cv_cfb_writer *file, uint32_t to,
                                       cv_error *err);

#endif
