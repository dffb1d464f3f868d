/* options.h - a conversion's options, for the files of convert/ only. */
#ifndef CV_CONVERT_OPTIONS_H
#define CV_CONVERT_OPTIONS_H

#include "convert/convert.h"

typedef enum cv_opt {
#define OPT(sym, name, type, fallback, least, most, text) CV_OPT_##sym,
#include "convert/settings.def"
#undef OPT
    CV_OPT_COUNT
} cv_opt;

/* CV_OPT_RICH_FORMAT */
enum { CV_RICH_MIME, CV_RICH_TNEF, CV_RICH_BOTH };

typedef struct cv_opt_value {
    bool by_name;  /* set by its own name: a profile does not change it */
    int64_t i64;   /* BOOL, INT, RICH */
    cv_slice text; /* as it was given, normalized; options' arena */
} cv_opt_value;

typedef struct cv_dn_row {
    cv_slice dn; /* lower case */
    cv_slice smtp;
} cv_dn_row;

struct cv_convert_options {
    cv_arena *arena; /* owned */
    cv_env env;
    cv_opt_value values[CV_OPT_COUNT];
    cv_dn_row *map; /* sorted by dn; arena */
    size_t map_count;
    cv_resolve_fn resolve;
    void *resolve_ctx;
    cv_response_time_fn responses;
    void *responses_ctx;
    cv_slice domain, zone;           /* arena, may be empty */
    int64_t received_ticks;          /* INT64_MIN when unknown */
    int64_t fallback_received_ticks; /* for a mail that does not tell */
    cv_relax relax;                  /* while a mail is read */
};

bool cv_opt_bool(const cv_convert_options *options, cv_opt opt);
int64_t cv_opt_int(const cv_convert_options *options, cv_opt opt);
cv_slice cv_opt_text(const cv_convert_options *options, cv_opt opt);

/* Own domain; a name under .invalid when none was set. */
cv_slice cv_opt_domain(const cv_convert_options *options);
/* ticks */
int64_t cv_opt_now(const cv_convert_options *options);
/* The SMTP address of a distinguished name or other address, by map and
 * resolver. */
bool cv_opt_resolve(const cv_convert_options *options, cv_arena *arena,
                    cv_slice address_type, cv_slice address, cv_slice *smtp);

/* Sorts rows by dn, in place; then cv_dn_find() finds one, NULL when there is
 * none. */
void cv_dn_sort(cv_dn_row *rows, size_t count);
const cv_dn_row *cv_dn_find(const cv_dn_row *rows, size_t count, cv_slice dn);

/* Rows of a directory text; see cv_convert_set_address_map(). */
CV_NODISCARD cv_status cv_address_map_parse(cv_arena *arena, cv_slice text,
                                            cv_dn_row **rows, size_t *count,
                                            cv_error *err);

#endif
