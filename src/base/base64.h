/* base64.h - the inner loops of base64, for whole groups.
 *
 * Three bytes are four letters; what is less than a group, lines and damage
 * are the callers' business (text.h for values, mime/ for bodies).
 * Source: RFC 4648 4.
 */
#ifndef CV_BASE_BASE64_H
#define CV_BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#define CV_B64_BLANK 64 /* space, tab, CR, LF */
#define CV_B64_PAD 65   /* '=' */
#define CV_B64_JUNK 66

/* Value of a letter, 0 to 63, or one of the above. */
extern const uint8_t cv_base64_values[256];

/* 3 * groups bytes of in as 4 * groups letters. */
void cv_base64_encode_groups(const uint8_t *in, size_t groups, uint8_t *out);
/* Four letters at a time, until something else than a letter or the end
 * comes: how many groups there were, of 3 bytes each. */
size_t cv_base64_decode_groups(const uint8_t *in, size_t len, uint8_t *out);

#endif
