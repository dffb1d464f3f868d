/* pack_private.h - what writing and reading the packed form share.
 * docs/pack.md describes the form.
 */
#ifndef CV_MAPI_PACK_PRIVATE_H
#define CV_MAPI_PACK_PRIVATE_H

#include "mapi/pack.h"

#define PACK_MAGIC "CVOB"
#define PACK_HEAD 8  /* magic, version, zero */
#define PACK_TRAIL 4 /* CRC-32 */

enum { PACK_NAME_LID, PACK_NAME_STRING };
enum { PACK_PROP_LOSSY = 1 };
enum { PACK_ATT_DATA = 1, PACK_ATT_EMBEDDED = 2 };

/* Source of an object by number; "" for 0 and numbers that are unknown. */
const char *cv_pack_source(uint8_t number);
uint8_t cv_pack_source_number(const char *source);

/* CRC-32 of IEEE 802.3 (as in zip and PNG). */
uint32_t cv_crc32(cv_slice bytes);

#endif
