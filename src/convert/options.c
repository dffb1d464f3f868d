#include "convert/private.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

typedef enum opt_type { T_BOOL, T_INT, T_TEXT, T_PROFILE, T_RICH } opt_type;

typedef struct opt_row {
    const char *name;
    opt_type type;
    const char *fallback;
    int64_t least, most;
} opt_row;

static const opt_row rows[CV_OPT_COUNT] = {
#define OPT(sym, name, type, fallback, least, most, text) \
    { name, T_##type, fallback, least, most },
#include "convert/settings.def"
#undef OPT
};

static const cv_convert_setting settings[CV_OPT_COUNT] = {
#define TYPE_BOOL "boolean"
#define TYPE_INT "integer"
#define TYPE_TEXT "text"
#define TYPE_PROFILE "profile"
#define TYPE_RICH "mime, tnef or both"
#define OPT(sym, name, type, fallback, least, most, text) \
    { name, TYPE_##type, fallback, text },
#include "convert/settings.def"
#undef OPT
};

static const char *const profiles[] = {
#define PROFILE(name, text) name,
#define ROW(profile, opt, value)
#include "convert/profiles.def"
#undef PROFILE
#undef ROW
};

typedef struct profile_row {
    const char *profile;
    cv_opt opt;
    const char *value;
} profile_row;

static const profile_row profile_rows[] = {
#define PROFILE(name, text)
#define ROW(profile, opt, value) { profile, CV_OPT_##opt, value },
#include "convert/profiles.def"
#undef PROFILE
#undef ROW
};

static cv_status parse_bool(cv_slice text, int64_t *out, cv_error *err)
{
    static const char *const words[] = { "false", "true", "0",   "1",
                                         "no",    "yes",  "off", "on" };
    for (size_t i = 0; i < CV_LEN(words); i++) {
        if (cv_slice_ieq(text, cv_slice_cstr(words[i]))) {
            *out = (int64_t)(i & 1);
            return CV_OK;
        }
    }
    return cv_fail(err, CV_ERR_SYNTAX, "\"%.*s\" is neither true nor false",
                   CV_FMT(cv_utf8_clip(text, 40)));
}

static cv_status parse_int(const opt_row *row, cv_slice text, int64_t *out,
                           cv_error *err)
{
    int64_t v = 0;
    if (cv_parse_i64(text, &v) != CV_OK)
        return cv_fail(err, CV_ERR_SYNTAX, "\"%.*s\" is no number",
                       CV_FMT(cv_utf8_clip(text, 40)));
    if (v < row->least || v > row->most)
        return cv_fail(err, CV_ERR_RANGE, "%lld is not in %lld..%lld",
                       (long long)v, (long long)row->least,
                       (long long)row->most);
    *out = v;
    return CV_OK;
}

static cv_status parse_text(const opt_row *row, cv_slice text, cv_error *err)
{
    if (text.len > (size_t)row->most)
        return cv_fail(err, CV_ERR_RANGE, "%zu bytes are too long (%lld)",
                       text.len, (long long)row->most);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7F)
            return cv_fail(err, CV_ERR_SYNTAX, "control character");
    return CV_OK;
}

static cv_status parse_profile(cv_slice *text, cv_error *err)
{
    for (size_t i = 0; i < CV_LEN(profiles); i++) {
        if (cv_slice_ieq(*text, cv_slice_cstr(profiles[i]))) {
            *text = cv_slice_cstr(profiles[i]);
            return CV_OK;
        }
    }
    return cv_fail(err, CV_ERR_RANGE, "there is no profile \"%.*s\"",
                   CV_FMT(cv_utf8_clip(*text, 40)));
}

static cv_status parse_rich(cv_slice *text, int64_t *out, cv_error *err)
{
    static const char *const words[] = { [CV_RICH_MIME] = "mime",
                                         [CV_RICH_TNEF] = "tnef",
                                         [CV_RICH_BOTH] = "both" };
    for (size_t i = 0; i < CV_LEN(words); i++) {
        if (cv_slice_ieq(*text, cv_slice_cstr(words[i]))) {
            *text = cv_slice_cstr(words[i]);
            *out = (int64_t)i;
            return CV_OK;
        }
    }
    return cv_fail(err, CV_ERR_SYNTAX, "\"%.*s\" is not mime, tnef or both",
                   CV_FMT(cv_utf8_clip(*text, 40)));
}

/* Checks and stores; a BOOL's text becomes "true" or "false". */
static cv_status store(cv_convert_options *o, cv_opt opt, cv_slice text,
                       cv_error *err)
{
    const opt_row *row = &rows[opt];
    int64_t v = 0;
    text = cv_slice_trim(text);
    switch (row->type) {
    case T_BOOL:
        CV_TRY(parse_bool(text, &v, err));
        text = v ? CV_S("true") : CV_S("false");
        break;
    case T_INT:
        CV_TRY(parse_int(row, text, &v, err));
        break;
    case T_TEXT:
        CV_TRY(parse_text(row, text, err));
        break;
    case T_PROFILE:
        CV_TRY(parse_profile(&text, err));
        break;
    case T_RICH:
        CV_TRY(parse_rich(&text, &v, err));
        break;
    }
    cv_slice copy = cv_arena_dup(o->arena, text);
    if (!copy.ptr)
        return cv_arena_fail(o->arena, err);
    o->values[opt].i64 = v;
    o->values[opt].text = copy;
    return CV_OK;
}

/* Defaults, then the profile's rows, for all that was not set by name. */
static cv_status apply_profile(cv_convert_options *o, cv_slice profile,
                               cv_error *err)
{
    for (size_t i = 0; i < CV_OPT_COUNT; i++)
        if (!o->values[i].by_name && i != CV_OPT_PROFILE)
            CV_TRY(store(o, (cv_opt)i, cv_slice_cstr(rows[i].fallback), err));
    for (size_t i = 0; i < CV_LEN(profile_rows); i++) {
        const profile_row *row = &profile_rows[i];
        if (cv_slice_eq(cv_slice_cstr(row->profile), profile) &&
            !o->values[row->opt].by_name)
            CV_TRY(store(o, row->opt, cv_slice_cstr(row->value), err));
    }
    return CV_OK;
}

cv_status cv_convert_options_new(const cv_env *env, cv_convert_options **out,
                                 cv_error *err)
{
    cv_convert_options *o = calloc(1, sizeof *o);
    if (!o)
        return cv_fail(err, CV_ERR_NOMEM, "options");
    o->env = *env;
    o->received_ticks = INT64_MIN;
    o->fallback_received_ticks = INT64_MIN;
    cv_status st = cv_arena_new(0, &o->arena, err);
    if (st == CV_OK)
        st = store(o, CV_OPT_PROFILE, cv_slice_cstr(rows[0].fallback), err);
    if (st == CV_OK)
        st = apply_profile(o, o->values[CV_OPT_PROFILE].text, err);
    if (st != CV_OK) {
        cv_convert_options_free(&o);
        return st;
    }
    *out = o;
    return CV_OK;
}

void cv_convert_options_free(cv_convert_options **options)
{
    if (!*options)
        return;
    cv_arena_free(&(*options)->arena);
    free(*options);
    *options = NULL;
}

static cv_status copy_map(const cv_convert_options *src,
                          cv_convert_options *dst, cv_error *err)
{
    dst->map = cv_arena_array(dst->arena, src->map_count, sizeof *dst->map);
    if (!dst->map)
        return cv_arena_fail(dst->arena, err);
    dst->map_count = src->map_count;
    for (size_t i = 0; i < src->map_count; i++) {
        dst->map[i].dn = cv_arena_dup(dst->arena, src->map[i].dn);
        dst->map[i].smtp = cv_arena_dup(dst->arena, src->map[i].smtp);
    }
    for (size_t i = 0; i < CV_OPT_COUNT; i++) {
        dst->values[i] = src->values[i];
        dst->values[i].text = cv_arena_dup(dst->arena, src->values[i].text);
    }
    dst->domain = cv_arena_dup(dst->arena, src->domain);
    dst->zone = cv_arena_dup(dst->arena, src->zone);
    return cv_arena_status(dst->arena) == CV_OK
               ? CV_OK
               : cv_arena_fail(dst->arena, err);
}

cv_status cv_convert_options_dup(const cv_convert_options *src,
                                 cv_convert_options **out, cv_error *err)
{
    cv_convert_options *o = NULL;
    CV_TRY(cv_convert_options_new(&src->env, &o, err));
    o->resolve = src->resolve;
    o->resolve_ctx = src->resolve_ctx;
    o->responses = src->responses;
    o->responses_ctx = src->responses_ctx;
    o->received_ticks = src->received_ticks;
    o->relax = src->relax;
    cv_status st = copy_map(src, o, err);
    if (st != CV_OK) {
        cv_convert_options_free(&o);
        return st;
    }
    *out = o;
    return CV_OK;
}

static cv_status find(cv_slice name, cv_opt *opt, cv_error *err)
{
    for (size_t i = 0; i < CV_OPT_COUNT; i++) {
        if (cv_slice_ieq(name, cv_slice_cstr(rows[i].name))) {
            *opt = (cv_opt)i;
            return CV_OK;
        }
    }
    return cv_fail(err, CV_ERR_NOTFOUND, "there is no setting \"%.*s\"",
                   CV_FMT(cv_utf8_clip(name, 80)));
}

cv_status cv_convert_set(cv_convert_options *options, cv_slice name,
                         cv_slice value, cv_error *err)
{
    cv_opt opt = CV_OPT_PROFILE;
    CV_TRY(find(name, &opt, err));
    CV_TRY(store(options, opt, value, err));
    if (opt == CV_OPT_PROFILE)
        return apply_profile(options, options->values[opt].text, err);
    options->values[opt].by_name = true;
    return CV_OK;
}

cv_status cv_convert_get(const cv_convert_options *options, cv_slice name,
                         cv_arena *arena, cv_slice *value, cv_error *err)
{
    cv_opt opt = CV_OPT_PROFILE;
    CV_TRY(find(name, &opt, err));
    cv_slice copy = cv_arena_dup(arena, options->values[opt].text);
    if (!copy.ptr)
        return cv_arena_fail(arena, err);
    *value = copy;
    return CV_OK;
}

const cv_convert_setting *cv_convert_setting_at(size_t index)
{
    return index < CV_LEN(settings) ? &settings[index] : NULL;
}

cv_status cv_convert_set_address_map(cv_convert_options *options, cv_slice text,
                                     cv_error *err)
{
    return cv_address_map_parse(options->arena, text, &options->map,
                                &options->map_count, err);
}

void cv_convert_set_resolver(cv_convert_options *options, cv_resolve_fn fn,
                             void *ctx)
{
    options->resolve = fn;
    options->resolve_ctx = ctx;
}

void cv_convert_set_domain(cv_convert_options *options, cv_slice domain)
{
    options->domain = cv_arena_dup(options->arena, domain);
}

void cv_convert_set_responses(cv_convert_options *options,
                              cv_response_time_fn fn, void *ctx)
{
    options->responses = fn;
    options->responses_ctx = ctx;
}

void cv_convert_set_zone(cv_convert_options *options, cv_slice name)
{
    options->zone = cv_arena_dup(options->arena, name);
}

void cv_convert_set_received(cv_convert_options *options, int64_t ticks)
{
    options->received_ticks = ticks;
}

void cv_convert_set_relax(cv_convert_options *options, cv_relax relax)
{
    options->relax = relax;
}

bool cv_opt_bool(const cv_convert_options *options, cv_opt opt)
{
    return options->values[opt].i64 != 0;
}

int64_t cv_opt_int(const cv_convert_options *options, cv_opt opt)
{
    return options->values[opt].i64;
}

cv_slice cv_opt_text(const cv_convert_options *options, cv_opt opt)
{
    return options->values[opt].text;
}

cv_slice cv_opt_domain(const cv_convert_options *options)
{
    return options->domain.len ? options->domain : CV_S("convoke.invalid");
}

int64_t cv_opt_now(const cv_convert_options *options)
{
    return options->env.now(options->env.ctx);
}

bool cv_opt_resolve(const cv_convert_options *options, cv_arena *arena,
                    cv_slice address_type, cv_slice address, cv_slice *smtp)
{
    cv_slice dn = cv_ascii_lower(arena, address);
    const cv_dn_row *row = cv_dn_find(options->map, options->map_count, dn);
    if (row) {
        *smtp = row->smtp;
        return true;
    }
    return options->resolve && options->resolve(options->resolve_ctx, arena,
                                                address_type, address, smtp);
}

const cv_timezone *cv_opt_zone(const cv_convert_options *options,
                               cv_arena *arena)
{
    if (!options->zone.len)
        return NULL;
    cv_timezone *zone = cv_arena_alloc(arena, sizeof *zone);
    if (!zone || cv_timezone_by_name(arena, options->zone, zone, NULL) != CV_OK)
        return NULL;
    return zone;
}

size_t cv_opt_budget(const cv_convert_options *options)
{
    return (size_t)cv_opt_int(options, CV_OPT_MEMORY);
}
