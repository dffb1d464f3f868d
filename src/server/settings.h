/* settings.h - one value for each setting, and who decides it.
 *
 * Value = --set > policy of the remote domain > live setting (store) > file
 * (convoke.conf in the data directory) > profile > default. Every change of a
 * live setting raises the store's epoch. Safe from any thread.
 * Source: DESIGN "Settings".
 */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "convert/convert.h"
#include "store/store.h"

typedef enum settings_type {
    SETTINGS_TEXT,
    SETTINGS_BOOL,
    SETTINGS_INT,
    SETTINGS_SIZE,
    SETTINGS_DURATION,
    SETTINGS_LIST,
    SETTINGS_LEVEL
} settings_type;

typedef struct settings_row {
    const char *name, *fallback, *text;
    settings_type type;
    bool is_live;
    bool is_conversion; /* a row of convert/settings.def */
} settings_row;

/* Index of the table, the server's rows first; NULL past the end. */
const settings_row *settings_row_at(size_t index);
const settings_row *settings_row_find(cv_slice name);

typedef struct settings settings;

/* file may be absent. overrides: "name=value" (--set), borrowed.
 * Errors: CV_ERR_SYNTAX for a bad file or override: err names file, line and
 * setting. */
CV_NODISCARD cv_status settings_new(store *s, const cv_env *env,
                                    const char *file,
                                    const char *const *overrides,
                                    size_t override_count, settings **out,
                                    cv_error *err);
void settings_free(settings **s);

/* Value for a remote domain's policy, or for the server when scope is empty.
 * *origin (may be NULL) says who decided: "--set", "policy", "live", "file",
 * "default". Errors: CV_ERR_NOTFOUND. */
CV_NODISCARD cv_status settings_get(settings *s, cv_slice scope, cv_slice name,
                                    cv_arena *arena, cv_slice *value,
                                    const char **origin, cv_error *err);
/* Checks the value and writes the live setting; value ptr NULL removes it.
 * Errors: CV_ERR_NOTFOUND unknown name; CV_ERR_SYNTAX, CV_ERR_RANGE bad
 * value; CV_ERR_UNSUP a setting that only the file can hold. */
CV_NODISCARD cv_status settings_set(settings *s, cv_slice scope, cv_slice name,
                                    cv_slice value, cv_error *err);

/* Typed access for rows of the table; the name must exist. */
bool settings_bool(settings *s, const char *name);
int64_t settings_int(settings *s, const char *name);      /* also sizes */
int64_t settings_duration(settings *s, const char *name); /* ticks */
/* 0 none, 1 minimum, 2 medium, 3 maximum */
int settings_level(settings *s, const char *name);
cv_slice settings_text(settings *s, const char *name, cv_arena *arena);

/* "name=value\n" of every conversion setting that is not at its default, for a
 * remote domain (empty: the server's own). In the arena. */
cv_slice settings_for_conversion(settings *s, cv_slice domain, cv_arena *arena);

/* "15m", "2d", "500ms" to ticks. Errors: CV_ERR_SYNTAX, CV_ERR_RANGE. */
CV_NODISCARD cv_status settings_parse_duration(cv_slice text, int64_t *ticks);

#endif
