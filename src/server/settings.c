#include "server/settings.h"

#include "base/text.h"
#include "base/wintime.h"

#include <glib.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Sources of a value, strongest first; an index into settings.tables. */
enum { FROM_OVERRIDE, FROM_POLICY, FROM_LIVE, FROM_FILE, FROM_DEFAULT };
static const char *const origin_names[] = { "--set", "policy", "live", "file",
                                            "default" };

struct settings {
    store *store;                 /* borrowed */
    GHashTable *overrides, *file; /* owned: name -> value */
    GHashTable *live;             /* owned: "scope\nname" -> value; by `lock` */
    uint64_t epoch;               /* that `live` was read at */
    pthread_mutex_t lock;
};

/* -- the table -- */

#define SETTING(n, t, d, w, s) \
    { .name = n, .fallback = d, .text = s, .type = SETTINGS_##t, .is_live = w },
#define LIVE true
#define RESTART false
static const settings_row server_rows[] = {
#include "server/settings.def"
};
#undef SETTING
#undef LIVE
#undef RESTART

#define MAX_CONVERSION 64
static settings_row conversion_rows[MAX_CONVERSION];
static size_t conversion_count;
static pthread_once_t conversion_once = PTHREAD_ONCE_INIT;

static void load_conversion_rows(void)
{
    const cv_convert_setting *row;

    for (size_t i = 0;
         i < MAX_CONVERSION && (row = cv_convert_setting_at(i)) != NULL; i++)
        conversion_rows[conversion_count++] = (settings_row){
            .name = row->name,
            .fallback = row->fallback,
            .text = row->text,
            .type =
                strcmp(row->type, "bool") == 0 ? SETTINGS_BOOL : SETTINGS_TEXT,
            .is_live = true,
            .is_conversion = true,
        };
}

const settings_row *settings_row_at(size_t index)
{
    pthread_once(&conversion_once, load_conversion_rows);
    if (index < CV_LEN(server_rows))
        return &server_rows[index];
    index -= CV_LEN(server_rows);
    return index < conversion_count ? &conversion_rows[index] : NULL;
}

const settings_row *settings_row_find(cv_slice name)
{
    const settings_row *row;

    for (size_t i = 0; (row = settings_row_at(i)) != NULL; i++) {
        if (cv_slice_eq(name, cv_slice_cstr(row->name)))
            return row;
    }
    return NULL;
}

/* -- checking values -- */

cv_status settings_parse_duration(cv_slice text, int64_t *ticks)
{
    static const struct {
        const char *unit;
        int64_t ticks;
    } units[] = {
        { "ms", CV_TICKS_PER_MS },         { "s", CV_TICKS_PER_SEC },
        { "m", 60 * CV_TICKS_PER_SEC },    { "h", 3600 * CV_TICKS_PER_SEC },
        { "d", 86400 * CV_TICKS_PER_SEC }, { "", CV_TICKS_PER_SEC },
    };
    uint32_t n;

    for (size_t i = 0; i < CV_LEN(units); i++) {
        cv_slice unit = cv_slice_cstr(units[i].unit);
        if (!cv_slice_ends(text, unit))
            continue;
        cv_slice digits = cv_slice_sub(text, 0, text.len - unit.len);
        CV_TRY(cv_parse_u32(digits, &n));
        return cv_mul((int64_t)n, units[i].ticks, ticks) ? CV_OK : CV_ERR_RANGE;
    }
    return CV_ERR_SYNTAX;
}

static cv_status parse_size(cv_slice text, int64_t *out)
{
    int shift = 0;

    if (cv_slice_iends(text, CV_S("K")))
        shift = 10;
    else if (cv_slice_iends(text, CV_S("M")))
        shift = 20;
    else if (cv_slice_iends(text, CV_S("G")))
        shift = 30;
    if (shift)
        text.len--;
    CV_TRY(cv_parse_i64(text, out));
    if (*out < 0 || *out > (INT64_MAX >> 30))
        return CV_ERR_RANGE;
    *out <<= shift;
    return CV_OK;
}

static cv_status parse_bool(cv_slice text, int64_t *out)
{
    static const char *const words[] = { "false", "true", "0",   "1",
                                         "no",    "yes",  "off", "on" };

    for (size_t i = 0; i < CV_LEN(words); i++) {
        if (cv_slice_ieq(text, cv_slice_cstr(words[i]))) {
            *out = (int64_t)(i & 1);
            return CV_OK;
        }
    }
    return CV_ERR_SYNTAX;
}

static cv_status parse_level(cv_slice text, int64_t *out)
{
    static const char *const words[] = { "none", "minimum", "medium",
                                         "maximum" };

    for (size_t i = 0; i < CV_LEN(words); i++) {
        if (cv_slice_ieq(text, cv_slice_cstr(words[i]))) {
            *out = (int64_t)i;
            return CV_OK;
        }
    }
    return CV_ERR_SYNTAX;
}

/* The value as a number, by its row's type; texts give 0. */
static cv_status parse_value(const settings_row *row, cv_slice text,
                             int64_t *out)
{
    *out = 0;
    switch (row->type) {
    case SETTINGS_BOOL:
        return parse_bool(text, out);
    case SETTINGS_INT:
        return cv_parse_i64(text, out);
    case SETTINGS_SIZE:
        return parse_size(text, out);
    case SETTINGS_DURATION:
        return settings_parse_duration(text, out);
    case SETTINGS_LEVEL:
        return parse_level(text, out);
    default:
        return CV_OK;
    }
}

static const char *type_hint(settings_type type)
{
    static const char *const hints[] = {
        [SETTINGS_TEXT] = "text",
        [SETTINGS_BOOL] = "true or false",
        [SETTINGS_INT] = "a whole number",
        [SETTINGS_SIZE] = "a size such as 50M",
        [SETTINGS_DURATION] = "a time such as 500ms, 90s, 15m, 4h or 2d",
        [SETTINGS_LIST] = "items with ; between them",
        [SETTINGS_LEVEL] = "none, minimum, medium or maximum",
    };

    return hints[type];
}

static cv_status check_conversion(cv_slice name, cv_slice value, cv_error *err)
{
    cv_test_env still = { 0, 0 };
    cv_env env = cv_env_test(&still);
    cv_convert_options *options = NULL;

    CV_TRY(cv_convert_options_new(&env, &options, err));
    cv_status st = cv_convert_set(options, name, value, err);
    cv_convert_options_free(&options);
    return st;
}

static cv_status check(cv_slice name, cv_slice value, cv_error *err)
{
    int64_t number;
    const settings_row *row = settings_row_find(name);

    if (!row)
        return cv_fail(err, CV_ERR_NOTFOUND,
                       "there is no setting \"%.*s\" (convoke config list)",
                       CV_FMT(name));
    if (row->is_conversion)
        return check_conversion(name, value, err);
    if (parse_value(row, value, &number) != CV_OK)
        return cv_fail(err, CV_ERR_SYNTAX, "%s takes %s, not \"%.*s\"",
                       row->name, type_hint(row->type), CV_FMT(value));
    return CV_OK;
}

/* -- loading -- */

static char *to_string(cv_slice s)
{
    return g_strndup((const char *)s.ptr, s.len);
}

static cv_status add_override(settings *s, const char *text, cv_error *err)
{
    cv_slice value = cv_slice_cstr(text);
    cv_slice name = cv_slice_trim(cv_slice_cut(&value, '='));

    if (!value.ptr)
        return cv_fail(err, CV_ERR_SYNTAX, "--set %s: NAME=VALUE is wanted",
                       text);
    value = cv_slice_trim(value);
    CV_TRY(check(name, value, err));
    g_hash_table_replace(s->overrides, to_string(name), to_string(value));
    return CV_OK;
}

static cv_status load_key(settings *s, GKeyFile *kf, const char *file,
                          const char *group, const char *key, cv_error *err)
{
    char *value = g_key_file_get_string(kf, group, key, NULL);
    char *name = g_strdup_printf("%s.%s", group, key);
    cv_error why;
    cv_status st =
        check(cv_slice_cstr(name), cv_slice_cstr(value ? value : ""), &why);

    if (st != CV_OK) {
        st = cv_fail(err, CV_ERR_SYNTAX, "%s: [%s] %s: %s", file, group, key,
                     why.what);
        g_free(name);
        g_free(value);
    } else {
        g_hash_table_replace(s->file, name, value);
    }
    return st;
}

static cv_status load_keys(settings *s, GKeyFile *kf, const char *file,
                           cv_error *err)
{
    char **groups = g_key_file_get_groups(kf, NULL);
    cv_status st = CV_OK;

    for (size_t g = 0; groups[g] && st == CV_OK; g++) {
        char **keys = g_key_file_get_keys(kf, groups[g], NULL, NULL);
        for (size_t k = 0; keys && keys[k] && st == CV_OK; k++)
            st = load_key(s, kf, file, groups[g], keys[k], err);
        g_strfreev(keys);
    }
    g_strfreev(groups);
    return st;
}

static cv_status load_file(settings *s, const char *file, cv_error *err)
{
    GError *why = NULL;
    cv_status st = CV_OK;
    GKeyFile *kf = g_key_file_new();

    if (g_key_file_load_from_file(kf, file, G_KEY_FILE_NONE, &why))
        st = load_keys(s, kf, file, err);
    else if (!g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        st = cv_fail(err, CV_ERR_SYNTAX, "%s: %s", file, why->message);
    g_clear_error(&why);
    g_key_file_free(kf);
    return st;
}

cv_status settings_new(store *st, const cv_env *env, const char *file,
                       const char *const *overrides, size_t override_count,
                       settings **out, cv_error *err)
{
    settings *s = g_new0(settings, 1);
    cv_status status = CV_OK;

    (void)env;
    s->store = st;
    s->epoch = UINT64_MAX;
    pthread_mutex_init(&s->lock, NULL);
    s->overrides =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    s->file = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    s->live = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (size_t i = 0; i < override_count && status == CV_OK; i++)
        status = add_override(s, overrides[i], err);
    if (status == CV_OK && file)
        status = load_file(s, file, err);
    if (status != CV_OK)
        settings_free(&s);
    *out = s;
    return status;
}

void settings_free(settings **s)
{
    if (!*s)
        return;
    g_hash_table_destroy((*s)->overrides);
    g_hash_table_destroy((*s)->file);
    g_hash_table_destroy((*s)->live);
    pthread_mutex_destroy(&(*s)->lock);
    g_free(*s);
    *s = NULL;
}

/* -- reading -- */

static char *live_key(cv_slice scope, cv_slice name)
{
    return g_strdup_printf("%.*s\n%.*s", CV_FMT(scope), CV_FMT(name));
}

static bool is_current(settings *s, uint64_t epoch)
{
    pthread_mutex_lock(&s->lock);
    bool current = s->epoch == epoch;
    pthread_mutex_unlock(&s->lock);
    return current;
}

static void swap_live(settings *s, const store_setting *rows, size_t count,
                      uint64_t epoch)
{
    pthread_mutex_lock(&s->lock);
    g_hash_table_remove_all(s->live);
    for (size_t i = 0; i < count; i++)
        g_hash_table_replace(s->live, live_key(rows[i].scope, rows[i].name),
                             to_string(rows[i].value));
    s->epoch = epoch;
    pthread_mutex_unlock(&s->lock);
}

/* Reads the live settings anew when the epoch has moved. */
static void refresh(settings *s)
{
    cv_arena *arena = NULL;
    store_setting *rows;
    size_t count;
    uint64_t epoch = store_epoch(s->store);

    if (is_current(s, epoch) || cv_arena_new(0, &arena, NULL) != CV_OK)
        return;
    if (store_setting_list(s->store, arena, &rows, &count, NULL) == CV_OK)
        swap_live(s, rows, count, epoch);
    cv_arena_free(&arena);
}

static cv_slice copy(cv_arena *arena, const char *value)
{
    return cv_arena_dup(arena, cv_slice_cstr(value));
}

/* Value and origin below "default"; ptr NULL when nobody decided. */
static cv_slice lookup(settings *s, cv_slice scope, cv_slice name,
                       cv_arena *arena, int *origin)
{
    char *plain = to_string(name);
    char *policy = live_key(scope, name), *live = live_key(CV_S(""), name);
    const char *found[FROM_DEFAULT] = { 0 };
    cv_slice value = { NULL, 0 };

    refresh(s);
    pthread_mutex_lock(&s->lock);
    found[FROM_OVERRIDE] = g_hash_table_lookup(s->overrides, plain);
    found[FROM_POLICY] =
        scope.len ? g_hash_table_lookup(s->live, policy) : NULL;
    found[FROM_LIVE] = g_hash_table_lookup(s->live, live);
    found[FROM_FILE] = g_hash_table_lookup(s->file, plain);
    for (*origin = 0; *origin < FROM_DEFAULT; (*origin)++) {
        if (found[*origin]) {
            value = copy(arena, found[*origin]);
            break;
        }
    }
    pthread_mutex_unlock(&s->lock);
    g_free(plain);
    g_free(policy);
    g_free(live);
    return value;
}

cv_status settings_get(settings *s, cv_slice scope, cv_slice name,
                       cv_arena *arena, cv_slice *value, const char **origin,
                       cv_error *err)
{
    int from;
    const settings_row *row = settings_row_find(name);

    if (!row)
        return check(name, CV_S(""), err);
    *value = lookup(s, scope, name, arena, &from);
    if (!value->ptr)
        *value = copy(arena, row->fallback);
    if (origin)
        *origin = origin_names[from];
    return value->ptr ? CV_OK : cv_arena_fail(arena, err);
}

cv_status settings_set(settings *s, cv_slice scope, cv_slice name,
                       cv_slice value, cv_error *err)
{
    uint64_t epoch;
    const settings_row *row = settings_row_find(name);

    if (!row || value.ptr)
        CV_TRY(check(name, value, err));
    if (!row->is_live)
        return cv_fail(err, CV_ERR_UNSUP,
                       "%s belongs to this node: set it in convoke.conf and "
                       "restart",
                       row->name);
    if (scope.len > 0 && !row->is_conversion)
        return cv_fail(err, CV_ERR_UNSUP,
                       "%s cannot stand in a domain's policy", row->name);
    return store_setting_set(s->store, scope, name, value, &epoch, err);
}

/* -- typed -- */

static int64_t number(settings *s, const char *name)
{
    cv_arena *arena = NULL;
    cv_slice value;
    int64_t out = 0;
    const settings_row *row = settings_row_find(cv_slice_cstr(name));

    cv_assert(row != NULL);
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return 0;
    if (settings_get(s, CV_S(""), cv_slice_cstr(name), arena, &value, NULL,
                     NULL) != CV_OK ||
        parse_value(row, value, &out) != CV_OK)
        CV_IGNORE(parse_value(row, cv_slice_cstr(row->fallback), &out));
    cv_arena_free(&arena);
    return out;
}

bool settings_bool(settings *s, const char *name)
{
    return number(s, name) != 0;
}

int64_t settings_int(settings *s, const char *name)
{
    return number(s, name);
}

int64_t settings_duration(settings *s, const char *name)
{
    return number(s, name);
}

int settings_level(settings *s, const char *name)
{
    return (int)number(s, name);
}

cv_slice settings_text(settings *s, const char *name, cv_arena *arena)
{
    cv_slice value = CV_S("");

    cv_assert(settings_row_find(cv_slice_cstr(name)) != NULL);
    CV_IGNORE(settings_get(s, CV_S(""), cv_slice_cstr(name), arena, &value,
                           NULL, NULL));
    return value;
}

cv_slice settings_for_conversion(settings *s, cv_slice domain, cv_arena *arena)
{
    const settings_row *row;
    cv_buf buf;
    int from;

    cv_buf_init(&buf, 0);
    for (size_t i = 0; (row = settings_row_at(i)) != NULL; i++) {
        if (!row->is_conversion)
            continue;
        cv_slice value =
            lookup(s, domain, cv_slice_cstr(row->name), arena, &from);
        if (value.ptr)
            cv_buf_printf(&buf, "%s=%.*s\n", row->name, CV_FMT(value));
    }
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}
