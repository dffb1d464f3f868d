/* registry.h - registry exports (.reg): the Exchange values that have a
 * setting here.
 *
 * Both forms of regedit are read: "Windows Registry Editor Version 5.00" in
 * UTF-16LE and REGEDIT4 in an ANSI code page. Keys compare without case.
 */
#ifndef SERVER_REGISTRY_H
#define SERVER_REGISTRY_H

#include "base/arena.h"

typedef struct registry_value {
    cv_slice name;       /* value name as in the file; arena */
    const char *setting; /* its setting, NULL when it has none. A literal. */
    cv_slice value;      /* for the setting; arena */
} registry_value;

/* Every value of the file, in order.
 * Errors: CV_ERR_SYNTAX when it is no registry export, or the value of a known
 * name is of a type that it cannot have (err names the line); the arena's. */
CV_NODISCARD cv_status registry_parse(cv_arena *arena, cv_slice file,
                                      registry_value **out, size_t *count,
                                      cv_error *err);

#endif
