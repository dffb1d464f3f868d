/* soak_core.h - damaged input through every edge of the library, and what the
 * contract says must come of it.
 */
#ifndef SOAK_CORE_H
#define SOAK_CORE_H

#include <convoke/convoke.h>

/* What a seed did to an input. */
typedef struct soak_change {
    size_t size;    /* of the damaged input: a prefix when shorter */
    size_t offset;  /* of the first changed byte, SIZE_MAX when none */
    unsigned bytes; /* how many were changed */
} soak_change;

/* Damages a copy of `in` in `out`, which has room for size bytes: a prefix,
 * some bytes XORed, or both. Equal arguments give equal results. */
soak_change soak_damage(const uint8_t *in, size_t size, uint64_t seed,
                        uint8_t *out);

/* Reads the bytes as one message and as each of its messages, and writes eml,
 * ics, json and msg of all. NULL when all is as convoke.h promises, else what
 * was not (a literal). *messages counts what was read. */
const char *soak_convert(const uint8_t *bytes, size_t size, const char *name,
                         unsigned *messages);

#endif
