/* timezone_name.c - zones by name, with ICU's data.
 *
 * A name is tried as path, IANA name, Windows id, CDO number, list of cities,
 * offset (spec timezone.md 6, steps 2 to 7). The rules of a zone are derived
 * from its changes from 1970 to 2037, one rule for each run of equal years;
 * a zone's rules are computed once a process.
 */
#include "mapi/timezone.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/zonedata.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 256 /* longer names are nobody's */
#define ID_ROOM CV_ZONE_ID /* an IANA name or a Windows id */
#define YEAR_FIRST 1970
#define YEAR_LAST 2037
#define YEARS (YEAR_LAST - YEAR_FIRST + 1)
#define CHANGES_MAX 8 /* in one year; zones have had up to four */
#define CACHE_ZONES 512
#define SEC CV_TICKS_PER_SEC

typedef struct zone_pair {
    const char *windows, *iana;
} zone_pair;

static const zone_pair windows_zones[] = {
#define WINDOWS(windows, iana) { windows, iana },
#include "mapi/timezone_windows.def"
#undef WINDOWS
};

typedef struct cdo_zone {
    unsigned number;
    zone_pair zone;
} cdo_zone;

static const cdo_zone cdo_zones[] = {
#define CDO(number, windows, iana) { number, { windows, iana } },
#include "mapi/timezone_cdo.def"
#undef CDO
};

/* -- rules from changes -- */

typedef struct change {
    int64_t utc;           /* ticks */
    int32_t before, after; /* minutes east of UTC */
} change;

typedef struct year_changes {
    change all[CHANGES_MAX];
    size_t count;
    int32_t offset; /* at the year's start, minutes east */
} year_changes;

static int64_t start_of_year(int64_t year)
{
    return cv_days_from_civil(year, 1, 1) * 86400 * SEC;
}

static int64_t local_of(const change *c)
{
    return c->utc + c->before * 60 * SEC;
}

/* Files every change between the first and the last year under its year. */
static void collect_changes(cv_zone *zone, year_changes years[YEARS])
{
    int64_t at = start_of_year(YEAR_FIRST) - 86400 * SEC;
    int32_t before = cv_zone_offset_minutes(zone, at);
    int64_t filled = 0;

    years[0].offset = before;
    while (cv_zone_next_change(zone, at, &at)) {
        change c = { .utc = at, .before = before };
        c.after = cv_zone_offset_minutes(zone, at);
        int64_t year = cv_civil_of_ticks(local_of(&c)).year - YEAR_FIRST;
        if (year >= YEARS)
            break;
        while (filled < year)
            years[++filled].offset = before;
        if (year >= 0 && c.after != c.before && years[year].count < CHANGES_MAX)
            years[year].all[years[year].count++] = c;
        if (year < 0)
            years[0].offset = c.after;
        before = c.after;
    }
    while (filled < YEARS - 1)
        years[++filled].offset = before;
}

static cv_tz_date date_of_local(int64_t local)
{
    cv_civil c = cv_civil_of_ticks(local);
    unsigned last = cv_days_in_month(c.year, c.month);
    int64_t days = cv_days_from_civil(c.year, c.month, c.day);

    return (cv_tz_date){
        .month = c.month,
        .weekday = (uint16_t)cv_weekday_of_days(days),
        .day = c.day + 7u > last ? 5 : (uint16_t)((c.day + 6u) / 7),
        .hour = c.hour,
        .minute = c.minute,
        .second = c.second,
    };
}

typedef struct year_shape {
    int32_t standard, daylight; /* minutes east */
    int64_t to_standard, to_daylight;
    bool has_dst;
} year_shape;

/* One year as standard and daylight time. A single change becomes a year
 * whose other part begins on 1 January. Of more than two changes the outer
 * ones count. */
static year_shape shape_of_year(const year_changes *y, int64_t year)
{
    const change *up = NULL, *down = NULL;
    year_shape s = { .standard = y->offset, .daylight = y->offset };

    for (size_t i = 0; i < y->count; i++) {
        const change *c = &y->all[i];
        if (c->after > c->before && !up)
            up = c;
        if (c->after < c->before)
            down = c;
    }
    if (!up && !down)
        return s;
    s.has_dst = true;
    s.to_standard = s.to_daylight =
        cv_days_from_civil(year, 1, 1) * 86400 * SEC;
    if (up) {
        s.to_daylight = local_of(up);
        s.daylight = up->after;
        s.standard = up->before;
    }
    if (down) {
        s.to_standard = local_of(down);
        s.standard = down->after;
        if (!up)
            s.daylight = down->before;
    }
    return s;
}

static cv_tz_rule rule_of_shape(const year_shape *s, int64_t year)
{
    cv_tz_rule r = { .from_year = (uint16_t)year, .bias = -s->standard };
    if (s->has_dst) {
        r.daylight_bias = s->standard - s->daylight;
        r.standard = date_of_local(s->to_standard);
        r.daylight = date_of_local(s->to_daylight);
    }
    return r;
}

static bool rule_fits_shape(const cv_tz_rule *r, const year_shape *s,
                            int64_t year)
{
    int64_t standard, summer;

    if (r->bias != -s->standard || cv_tz_rule_has_dst(r) != s->has_dst)
        return false;
    if (!s->has_dst)
        return true;
    return r->daylight_bias == s->standard - s->daylight &&
           cv_tz_date_onset(&r->standard, year, &standard) &&
           cv_tz_date_onset(&r->daylight, year, &summer) &&
           standard == s->to_standard && summer == s->to_daylight;
}

/* rules: room for YEARS. Returns how many, 0 when ICU fails. */
static size_t compute_rules(const char *iana, cv_tz_rule *rules)
{
    year_changes years[YEARS] = { 0 };
    cv_zone *zone = NULL;
    size_t count = 0;

    if (cv_zone_open(iana, &zone, NULL) != CV_OK)
        return 0;
    collect_changes(zone, years);
    cv_zone_free(&zone);
    for (int64_t i = 0; i < YEARS; i++) {
        int64_t year = YEAR_FIRST + i;
        year_shape s = shape_of_year(&years[i], year);
        if (count && rule_fits_shape(&rules[count - 1], &s, year))
            continue;
        rules[count] = rule_of_shape(&s, count ? year : 1601);
        count++;
    }
    return count;
}

/* -- the zones this process has met -- */

typedef struct cached_zone {
    char iana[ID_ROOM];
    cv_tz_rule *rules;
    size_t count;
} cached_zone;

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static cached_zone cache[CACHE_ZONES];
static size_t cache_used;

/* An entry never changes once it is there, so it may be read unlocked. */
static const cached_zone *cache_find(const char *iana)
{
    const cached_zone *found = NULL;

    pthread_mutex_lock(&cache_lock);
    for (size_t i = 0; i < cache_used && !found; i++)
        if (strcmp(cache[i].iana, iana) == 0)
            found = &cache[i];
    pthread_mutex_unlock(&cache_lock);
    return found;
}

/* A full cache stays as it is; two threads may add the same zone. */
static void cache_add(const char *iana, const cv_tz_rule *rules, size_t count)
{
    cv_tz_rule *copy = calloc(count, sizeof(*copy));

    if (!copy)
        return;
    memcpy(copy, rules, count * sizeof(*copy));
    pthread_mutex_lock(&cache_lock);
    if (cache_used < CACHE_ZONES) {
        cached_zone *z = &cache[cache_used];
        memcpy(z->iana, iana, strlen(iana) + 1);
        z->rules = copy;
        z->count = count;
        cache_used++;
        copy = NULL;
    }
    pthread_mutex_unlock(&cache_lock);
    free(copy);
}

static cv_status rules_of_iana(cv_arena *arena, const char *iana,
                               cv_timezone *out)
{
    cv_tz_rule computed[YEARS];
    const cv_tz_rule *rules = computed;
    const cached_zone *known = cache_find(iana);
    size_t count;

    if (known) {
        rules = known->rules;
        count = known->count;
    } else {
        count = compute_rules(iana, computed);
        if (count == 0)
            return CV_ERR_NOTFOUND;
        cache_add(iana, computed, count);
    }
    cv_tz_rule *copy = cv_arena_array(arena, count, sizeof(*copy));
    if (!copy)
        return cv_arena_status(arena);
    memcpy(copy, rules, count * sizeof(*copy));
    out->rules = copy;
    out->rule_count = count;
    out->effective = count - 1;
    return CV_OK;
}

/* -- names -- */

typedef struct zone_id {
    char iana[ID_ROOM];
    const char *windows; /* NULL: ask ICU */
} zone_id;

static bool set_iana(zone_id *out, const char *iana)
{
    size_t len = strlen(iana);
    if (len >= ID_ROOM)
        return false;
    memcpy(out->iana, iana, len + 1);
    return true;
}

/* Letters without case; '/', '_', '-' and ' ' are one: "America-Chicago" and
 * "Europe_Berlin" are met in real files. */
static uint8_t fold(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c + 32);
    return c == '/' || c == '_' || c == '-' ? ' ' : c;
}

static bool folded_eq(cv_slice a, const char *b)
{
    if (strlen(b) != a.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (fold(a.ptr[i]) != fold((uint8_t)b[i]))
            return false;
    return true;
}

/* The name as it stands, if ICU knows it as a zone of its data. */
static bool find_exact(cv_slice name, zone_id *out)
{
    char text[ID_ROOM];

    if (name.len == 0 || name.len >= ID_ROOM || !cv_is_ascii(name) ||
        memchr(name.ptr, 0, name.len))
        return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = 0;
    return cv_zone_is_known(text) && set_iana(out, text);
}

/* The database's names, listed once a process. */
typedef struct zone_name {
    char text[ID_ROOM];
    size_t len, city; /* city: where the last part begins, 0 without one */
} zone_name;

#define NAMES_ROOM 2048 /* ICU knows some 640 */

static pthread_once_t names_once = PTHREAD_ONCE_INIT;
static zone_name *names; /* stays until the process ends */
static size_t name_count;

static bool list_name(void *unused, const char *id)
{
    zone_name *n = &names[name_count];
    const char *slash = strrchr(id, '/');

    (void)unused;
    n->len = strlen(id);
    if (n->len >= ID_ROOM)
        return false;
    memcpy(n->text, id, n->len + 1);
    if (slash && strncmp(id, "Etc/", 4) != 0)
        n->city = (size_t)(slash + 1 - id);
    return ++name_count == NAMES_ROOM;
}

static void list_names(void)
{
    names = calloc(NAMES_ROOM, sizeof(*names));
    if (names)
        (void)cv_zone_each(list_name, NULL);
}

/* city: compare the last part of the names only. */
static bool find_folded(cv_slice name, bool city, zone_id *out)
{
    if (name.len < 3 || name.len >= ID_ROOM ||
        pthread_once(&names_once, list_names) != 0)
        return false;
    for (size_t i = 0; i < name_count; i++) {
        const zone_name *n = &names[i];
        if (n->len - (city ? n->city : 0) != name.len || (city && !n->city))
            continue;
        if (folded_eq(name, n->text + (city ? n->city : 0)))
            return set_iana(out, n->text);
    }
    return false;
}

static bool find_windows(cv_slice name, zone_id *out)
{
    for (size_t i = 0; i < CV_LEN(windows_zones); i++) {
        if (!cv_slice_ieq(name, cv_slice_cstr(windows_zones[i].windows)))
            continue;
        out->windows = windows_zones[i].windows;
        return set_iana(out, windows_zones[i].iana);
    }
    return false;
}

/* prefix + suffix as a Windows id. */
static bool find_windows_joined(cv_slice prefix, const char *suffix,
                                zone_id *out)
{
    char text[ID_ROOM];
    size_t more = strlen(suffix);

    if (prefix.len == 0 || prefix.len + more >= sizeof(text))
        return false;
    memcpy(text, prefix.ptr, prefix.len);
    memcpy(text + prefix.len, suffix, more);
    return find_windows(cv_slice_of(text, prefix.len + more), out);
}

static cv_slice without_suffix(cv_slice s, cv_slice suffix)
{
    return cv_slice_iends(s, suffix) ? cv_slice_sub(s, 0, s.len - suffix.len)
                                     : s;
}

/* "Eastern Daylight Time", "Pacific Time", "FLE", "GMT Standard Time 1". */
static bool find_windows_like(cv_slice name, zone_id *out)
{
    cv_slice stem = name;

    while (stem.len && stem.ptr[stem.len - 1] >= '0' &&
           stem.ptr[stem.len - 1] <= '9')
        stem.len--;
    stem = cv_slice_trim(stem);
    if (find_windows(name, out) || find_windows(stem, out))
        return true;
    stem = without_suffix(stem, CV_S(" Time"));
    stem = without_suffix(stem, CV_S(" Standard"));
    stem = without_suffix(stem, CV_S(" Daylight"));
    return find_windows_joined(stem, " Standard Time", out);
}

static bool find_cdo(cv_slice name, zone_id *out)
{
    uint32_t number;

    if (name.len > 2 || cv_parse_u32(name, &number) != CV_OK)
        return false;
    for (size_t i = 0; i < CV_LEN(cdo_zones); i++) {
        if (cdo_zones[i].number != number)
            continue;
        out->windows = cdo_zones[i].zone.windows;
        return set_iana(out, cdo_zones[i].zone.iana);
    }
    return false;
}

/* The last one to three parts of a path such as
 * /freeassociation.sourceforge.net/America/New_York. */
static bool find_path(cv_slice name, zone_id *out)
{
    size_t starts[3], parts = 0;

    for (size_t i = name.len; i > 0 && parts < 3; i--)
        if (name.ptr[i - 1] == '/')
            starts[parts++] = i;
    for (size_t i = parts; i > 0; i--) {
        cv_slice tail = cv_slice_sub(name, starts[i - 1], CV_NPOS);
        if (find_exact(tail, out) || find_folded(tail, false, out))
            return true;
    }
    return false;
}

/* -- offsets in names -- */

static bool digits(cv_slice s, size_t *pos, unsigned most, int32_t *out)
{
    unsigned got = 0;
    *out = 0;
    for (; got < most && *pos < s.len; got++, (*pos)++) {
        uint8_t c = s.ptr[*pos];
        if (c < '0' || c > '9')
            break;
        *out = *out * 10 + (c - '0');
    }
    return got > 0;
}

/* "GMT+01:00", "(UTC-05.00)", "GMT -0800", "UTC+5": minutes east. *end is
 * where the name goes on. */
static bool parse_offset(cv_slice s, int32_t *minutes, size_t *end)
{
    size_t pos = cv_slice_ifind(s, CV_S("GMT"), 0);
    int32_t hours, rest = 0;

    if (pos == CV_NPOS)
        pos = cv_slice_ifind(s, CV_S("UTC"), 0);
    if (pos == CV_NPOS || pos > 1)
        return false;
    pos += 3;
    while (pos < s.len && s.ptr[pos] == ' ')
        pos++;
    if (pos >= s.len || (s.ptr[pos] != '+' && s.ptr[pos] != '-'))
        return false;
    bool west = s.ptr[pos++] == '-';
    if (!digits(s, &pos, 2, &hours))
        return false;
    if (pos < s.len && (s.ptr[pos] == ':' || s.ptr[pos] == '.'))
        pos++;
    (void)digits(s, &pos, 2, &rest);
    if (hours > 15 || rest > 59)
        return false;
    *minutes = (west ? -1 : 1) * (hours * 60 + rest);
    *end = pos;
    return true;
}

static bool is_separator(uint8_t c)
{
    return c == ',' || c == '(' || c == ')' || c == ':' || c == ';' ||
           c == '/' || c == '"';
}

/* Standard offset of a zone's last rule. */
static bool has_offset(cv_arena *arena, const zone_id *id, int32_t minutes)
{
    cv_timezone tz;
    if (rules_of_iana(arena, id->iana, &tz) != CV_OK)
        return false;
    return tz.rules[tz.effective].bias == -minutes;
}

/* Cities and names of a display text, each in turn. wanted: NULL when the
 * text has no offset. */
static bool find_listed(cv_arena *arena, cv_slice list, const int32_t *wanted,
                        zone_id *out)
{
    unsigned tries = 0;

    for (size_t pos = 0; pos < list.len && tries < 12; pos++) {
        size_t from = pos;
        while (pos < list.len && !is_separator(list.ptr[pos]))
            pos++;
        cv_slice word = cv_slice_trim(cv_slice_sub(list, from, pos - from));
        if (word.len < 3)
            continue;
        tries++;
        zone_id id = { .windows = NULL };
        if ((find_windows_like(word, &id) || find_folded(word, true, &id)) &&
            (!wanted || has_offset(arena, &id, *wanted))) {
            *out = id;
            return true;
        }
    }
    return false;
}

static cv_status fixed_zone(cv_arena *arena, cv_slice name, int32_t minutes,
                            cv_timezone *out)
{
    *out = cv_timezone_utc(arena);
    out->key_name = cv_arena_dup(arena, name);
    out->rules = cv_arena_alloc(arena, sizeof(*out->rules));
    if (!out->rules || !out->key_name.ptr)
        return cv_arena_status(arena);
    *out->rules = (cv_tz_rule){ .from_year = 1601, .bias = -minutes };
    return CV_OK;
}

/* -- all together -- */

/* Ids that have this zone for the whole world; ICU needs longer to say so. */
static const char *windows_of_iana(const char *iana)
{
    for (size_t i = 0; i < CV_LEN(windows_zones); i++)
        if (strcmp(windows_zones[i].iana, iana) == 0)
            return windows_zones[i].windows;
    return NULL;
}

/* key_name: the Windows id, where there is one. */
static cv_status zone_of_id(cv_arena *arena, const zone_id *id,
                            cv_timezone *out)
{
    char windows[CV_ZONE_ID];
    const char *name = id->windows;
    cv_timezone tz = { 0 };

    CV_TRY(rules_of_iana(arena, id->iana, &tz));
    if (!name)
        name = windows_of_iana(id->iana);
    if (!name)
        name = cv_zone_windows_id(id->iana, windows) ? windows : id->iana;
    tz.key_name = cv_arena_dup(arena, cv_slice_cstr(name));
    if (!tz.key_name.ptr)
        return cv_arena_status(arena);
    *out = tz;
    return CV_OK;
}

static cv_slice strip_name(cv_slice name)
{
    name = cv_slice_trim(name);
    if (name.len >= 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"')
        name = cv_slice_trim(cv_slice_sub(name, 1, name.len - 2));
    return name;
}

cv_status cv_timezone_by_name(cv_arena *arena, cv_slice name, cv_timezone *out,
                              cv_error *err)
{
    zone_id id = { .windows = NULL };
    int32_t minutes = 0;
    size_t end = 0;
    cv_slice given = strip_name(name);

    if (given.len == 0 || given.len > NAME_MAX_BYTES)
        return cv_fail(err, CV_ERR_NOTFOUND, "time zone name");
    if (cv_slice_ieq(given, CV_S("tzone://Microsoft/Utc"))) {
        *out = cv_timezone_utc(arena);
        return CV_OK;
    }
    bool has = parse_offset(given, &minutes, &end);
    cv_slice words = has ? cv_slice_sub(given, end, CV_NPOS) : given;
    if (find_exact(given, &id) || find_windows(given, &id) ||
        find_cdo(given, &id) || find_folded(given, false, &id) ||
        find_path(given, &id) || (!has && find_windows_like(given, &id)) ||
        find_listed(arena, words, has ? &minutes : NULL, &id)) {
        cv_status status = zone_of_id(arena, &id, out);
        return status == CV_OK ? CV_OK
                               : cv_fail(err, status, "zone %s", id.iana);
    }
    if (has)
        return fixed_zone(arena, given, minutes, out);
    return cv_fail(err, CV_ERR_NOTFOUND, "unknown time zone");
}

cv_slice cv_timezone_iana_of_windows(cv_arena *arena, cv_slice windows_id)
{
    zone_id id;
    if (!find_windows(windows_id, &id))
        return CV_S("");
    return cv_arena_dup(arena, cv_slice_cstr(id.iana));
}

int cv_timezone_cdo_number(cv_slice windows_id)
{
    for (size_t i = 0; i < CV_LEN(cdo_zones); i++)
        if (cv_slice_ieq(windows_id, cv_slice_cstr(cdo_zones[i].zone.windows)))
            return (int)cdo_zones[i].number;
    return -1;
}
