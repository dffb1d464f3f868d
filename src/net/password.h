/* password.h - password hashes, libxcrypt's yescrypt.
 *
 * A hash is crypt(5) text, "$y$j9T$...". Hashing costs tens of milliseconds
 * by design: never in the loop.
 */
#ifndef NET_PASSWORD_H
#define NET_PASSWORD_H

#include "base/arena.h"
#include "base/env.h"
#include "base/error.h"

#define NET_PASSWORD_SCHEME CV_S("yescrypt") /* of store's credential row */
#define NET_PASSWORD_MAX 255                 /* bytes */

/* Errors: CV_ERR_RANGE when empty, too long or with a NUL inside;
 * CV_ERR_NOMEM. */
CV_NODISCARD cv_status net_password_hash(const cv_env *env, cv_slice password,
                                         cv_arena *arena, cv_slice *hash,
                                         cv_error *err);
/* CV_OK when it matches, CV_ERR_DENIED when not; CV_ERR_SYNTAX when hash is
 * none. An empty hash costs the time of a real one and is denied, so that
 * unknown users cannot be told from wrong passwords. */
CV_NODISCARD cv_status net_password_verify(cv_slice password, cv_slice hash,
                                           cv_error *err);

#endif
