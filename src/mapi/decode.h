/* decode.h - blobs of known structure as readable JSON.
 *
 * Feeds the key "decoded" of the object form (spec object-json.md,
 * docs/object-json.md): what the bytes of a property mean, for people and
 * scripts. It is never read back.
 */
#ifndef CV_MAPI_DECODE_H
#define CV_MAPI_DECODE_H

#include "mapi/bag.h"
#include "mapi/json.h"

/* PidTagConversationIndex. Source: [MS-OXOMSG] 2.2.1.3; spec
 * property-types.md 5; corpus: the GUID is stored big-endian, a reply's delta
 * counts from the message before it. */
typedef struct cv_conversation_index {
    uint64_t time;    /* FILETIME of the first message, its low bits zero */
    bool modern;      /* the form of Exchange 2013 and later */
    cv_guid guid;     /* in the byte order of other GUIDs */
    cv_slice replies; /* borrowed: 5 bytes a reply */
} cv_conversation_index;

/* Errors: CV_ERR_TRUNC below 22 bytes, CV_ERR_SYNTAX when the replies are no
 * multiple of 5 bytes. */
CV_NODISCARD cv_status cv_conversation_index_parse(cv_slice blob,
                                                   cv_conversation_index *out);
/* Ticks between reply `index` and the message before it, rounded down to
 * 2^18 or 2^23 ticks; index < replies.len / 5. What the modern form means by
 * these bits is not known. */
uint64_t cv_conversation_reply_delta(const cv_conversation_index *ci,
                                     size_t index);

/* Puts the key "decoded" when the property is a blob of known structure that
 * can be read: global object id, entry id, list of entry ids, conversation
 * index, recurrence, time zone, report tag, definitions of a form's fields.
 * Else puts nothing.
 * codepage: of 8-bit text inside, 0 when unknown. */
void cv_decode_put_json(cv_json_writer *w, const cv_prop *prop,
                        uint32_t codepage);

/* Kinds of blobs by name, from index 0 on; NULL after the last. */
const char *cv_decode_kind(size_t index);
/* Appends the JSON of a blob that comes without its property.
 * Errors: CV_ERR_NOTFOUND for an unknown kind; CV_ERR_SYNTAX when the blob
 * cannot be read as one. */
CV_NODISCARD cv_status cv_decode_blob(const char *kind, cv_slice blob,
                                      uint32_t codepage, cv_buf *out);

#endif
