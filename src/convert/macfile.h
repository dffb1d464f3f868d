/* macfile.h - files of the Macintosh: a data fork, a resource fork and what
 * the Finder knew, in the four forms they travel in.
 *
 * A file's data fork is what everybody else calls the file. The rest goes
 * beside it as an AppleDouble header, named "._" and the file's name, as file
 * systems without forks keep it.
 * Source: RFC 1740 (AppleSingle, AppleDouble), RFC 1741 (BinHex 4.0),
 * MacBinary III; [MS-OXCMAIL] 2.1.3.4.3, 2.2.3.4.2; kb-cases.md C021.
 */
#ifndef CV_CONVERT_MACFILE_H
#define CV_CONVERT_MACFILE_H

#include "base/arena.h"

typedef struct cv_mac_file {
    cv_slice name;     /* MacRoman bytes, may be empty */
    cv_slice data;     /* the data fork */
    cv_slice resource; /* may be empty */
    cv_slice finder;   /* type, creator, flags ...; 16 or 32 bytes or none */
    bool has_data;
} cv_mac_file;

/* AppleSingle, and AppleDouble headers (has_data false). Slices are borrowed
 * from in. False when it is none. */
bool cv_mac_of_apple(cv_slice in, cv_mac_file *out);
/* False when the header is not sound or the forks are not there. */
bool cv_mac_of_macbinary(cv_slice in, cv_mac_file *out);
/* Text with BinHex somewhere in it; decoded into the arena. */
bool cv_mac_of_binhex(cv_arena *arena, cv_slice in, cv_mac_file *out);

/* There is more to the file than its data fork. */
bool cv_mac_has_more(const cv_mac_file *file);
/* An AppleDouble header with all but the data fork. ptr NULL when the arena
 * is exhausted. */
cv_slice cv_mac_double(cv_arena *arena, const cv_mac_file *file);

#endif
