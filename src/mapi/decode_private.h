/* decode_private.h - what the decoders of blobs share. */
#ifndef CV_MAPI_DECODE_PRIVATE_H
#define CV_MAPI_DECODE_PRIVATE_H

#include "mapi/decode.h"

#define DECODE_SHOWN_ROWS 1000 /* replies, entry ids, rules, definitions */

typedef struct decoding {
    cv_json_writer *w; /* borrowed */
    const char *key;   /* of the object that is put, NULL for none */
    cv_arena *arena;   /* owned, for this blob */
    cv_slice blob;
    uint32_t codepage; /* of 8-bit text inside, 0 when unknown */
} decoding;

/* Each puts nothing when it cannot read the blob. */
void cv_decode_entry_id(const decoding *d);
/* The same, for a property that may be anything: only ids of providers that
 * are known for sure. */
void cv_decode_maybe_entry_id(const decoding *d);
void cv_decode_flat_entries(const decoding *d);
/* Rows of recipients as viewers store them: version 1, number of rows; a row
 * is its number of properties, 4 bytes, properties with 2-byte lengths. */
void cv_decode_recipient_rows(const decoding *d);
/* PidLidPropertyDefinitionStream. Source: [MS-OXCMSG] 2.2.1.22; checked
 * against the corpus. */
void cv_decode_property_definitions(const decoding *d);
/* PidTagReportTag. Source: [MS-OXOMSG] 2.2.2.22. */
void cv_decode_report_tag(const decoding *d);

void cv_decode_put_guid(cv_json_writer *w, const char *key, cv_slice bytes);
void cv_decode_put_flags(cv_json_writer *w, const char *key, uint32_t flags);

#endif
