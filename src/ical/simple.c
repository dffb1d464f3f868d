/* simple.c - the rows of properties.def, both ways. */
#include "ical/ical_private.h"

typedef enum form {
    FORM_LINE,
    FORM_TEXT,
    FORM_LIST,
    FORM_MULTI,
    FORM_BOOL,
    FORM_INT,
    FORM_UTC
} form;

typedef struct row {
    const char *name;
    cv_tag tag;
    form form;
    unsigned reads, writes; /* METHODs */
} row;

static const row rows[] = {
#define PROP(name, prop, form, reads, writes) \
    { name, CV_##prop, FORM_##form, reads, writes },
#define MAPPED(name)
#include "ical/properties.def"
#undef PROP
#undef MAPPED
};

static const char *const mapped_names[] = {
#define PROP(name, prop, form, reads, writes) name,
#define MAPPED(name) name,
#include "ical/properties.def"
#undef PROP
#undef MAPPED
};

bool cv_ical_is_mapped(cv_slice name)
{
    for (size_t i = 0; i < CV_LEN(mapped_names); i++)
        if (cv_slice_eq(name, cv_slice_cstr(mapped_names[i])))
            return true;
    return false;
}

/* -- reading -- */

/* All values of all lines of this name. */
static void import_strings(ical_import *in, const cv_ical_comp *event,
                           const row *r)
{
    size_t count = 0, room = 0;
    cv_slice *values;

    for (size_t i = 0; i < event->prop_count; i++) {
        if (!cv_slice_eq(event->props[i].name, cv_slice_cstr(r->name)))
            continue;
        room++;
        for (size_t k = 0; k < event->props[i].value.len; k++)
            room += event->props[i].value.ptr[k] == ',';
    }
    if (room > CV_LIMIT_MULTI_VALUES)
        room = CV_LIMIT_MULTI_VALUES;
    values = cv_arena_array(in->arena, room, sizeof(*values));
    for (size_t i = 0; values && i < event->prop_count; i++) {
        cv_slice rest = event->props[i].value;
        if (!cv_slice_eq(event->props[i].name, cv_slice_cstr(r->name)))
            continue;
        while (rest.ptr && count < room) {
            cv_ical_prop one = event->props[i];
            if (r->form == FORM_LIST) {
                one.value = cv_line_field_next(&rest, ',');
            } else {
                rest = (cv_slice){ 0 };
            }
            values[count] = cv_ical_prop_line_text(in->arena, &one);
            if (values[count].len)
                count++;
        }
    }
    if (count)
        (void)cv_bag_set_strings(in->bag, r->tag, values, count);
}

static bool import_number(ical_import *in, const cv_ical_prop *prop,
                          const row *r)
{
    int32_t v;
    bool b;
    int64_t ticks;

    switch (r->form) {
    case FORM_BOOL:
        if (!cv_ical_prop_bool(prop, &b))
            return false;
        (void)cv_bag_set_bool(in->bag, r->tag, b);
        return true;
    case FORM_INT:
        if (!cv_ical_prop_int(prop, &v) ||
            (r->tag == CV_PidTagImportance && (v < 0 || v > 2)) ||
            (r->tag == CV_PidLidAppointmentSequence && v < 0))
            return false;
        (void)cv_bag_set_i32(in->bag, r->tag, v);
        return true;
    default:
        ticks = cv_ical_utc_of_text(prop->value);
        if (ticks == ICAL_NO_TIME)
            return false;
        (void)cv_bag_set_ticks(in->bag, r->tag, ticks);
        return true;
    }
}

/* False when the value cannot be used. */
static bool import_one(ical_import *in, const cv_ical_comp *event,
                       const cv_ical_prop *prop, const row *r)
{
    cv_slice text;

    switch (r->form) {
    case FORM_LIST:
    case FORM_MULTI:
        import_strings(in, event, r);
        return true;
    case FORM_LINE:
        text = cv_ical_prop_line_text(in->arena, prop);
        if (text.len == 0)
            return true;
        (void)cv_bag_set_string(in->bag, r->tag, text);
        return true;
    case FORM_TEXT:
        text = cv_line_value_text(in->arena, prop);
        (void)cv_bag_set_string(in->bag, r->tag, text);
        return true;
    default:
        return import_number(in, prop, r);
    }
}

void cv_ical_import_simple(ical_import *in, const cv_ical_comp *event)
{
    cv_tag done = 0; /* rows of one property stand together */

    for (size_t i = 0; i < CV_LEN(rows); i++) {
        const row *r = &rows[i];
        const cv_ical_prop *prop = cv_ical_prop_get(event, r->name);
        if (!prop || !(r->reads & in->method) || r->tag == done)
            continue;
        if (import_one(in, event, prop, r))
            done = r->tag;
        else
            cv_ical_say(
                in, r->form == FORM_UTC ? CV_RULE_ICAL_TIME : CV_RULE_BAD_VALUE,
                prop, r->name, "counts as absent");
    }
}

/* -- writing -- */

static void export_strings(ical_export *ex, const cv_bag *bag, const row *r)
{
    const cv_slice *values;
    size_t count;

    if (!cv_bag_strings(bag, r->tag, &values, &count) || count == 0)
        return;
    if (r->form == FORM_LIST) {
        cv_line_begin(&ex->w, r->name);
        cv_line_colon(&ex->w);
    }
    for (size_t i = 0; i < count; i++) {
        if (r->form == FORM_MULTI) {
            cv_line_put_text(&ex->w, r->name, values[i]);
            continue;
        }
        if (i)
            cv_line_raw(&ex->w, CV_S(","));
        cv_line_text(&ex->w, values[i]);
    }
    if (r->form == FORM_LIST)
        cv_line_end(&ex->w);
}

static void export_time(ical_export *ex, const cv_bag *bag, const row *r)
{
    uint64_t filetime;
    int64_t ticks;

    if (cv_bag_ticks(bag, r->tag, &ticks))
        cv_line_put_utc(&ex->w, r->name, ticks);
    else if (cv_bag_time(bag, r->tag, &filetime))
        cv_ical_export_say(ex, CV_RULE_BAD_TIME, r->name, "left out");
}

static void export_text(ical_export *ex, const cv_bag *bag, const row *r,
                        cv_slice text)
{
    cv_slice url = CV_S("");

    if (r->tag == CV_PidLidLocation)
        url = cv_bag_string_or(bag, CV_PidNameLocationUrl, url);
    cv_line_begin(&ex->w, r->name);
    if (url.len)
        cv_line_param(&ex->w, "ALTREP", url);
    cv_line_colon(&ex->w);
    cv_line_text(&ex->w, text);
    cv_line_end(&ex->w);
}

static void export_one(ical_export *ex, const cv_bag *bag, const row *r)
{
    cv_slice text;
    int32_t v;
    bool b;

    switch (r->form) {
    case FORM_LIST:
    case FORM_MULTI:
        export_strings(ex, bag, r);
        return;
    case FORM_LINE:
    case FORM_TEXT:
        text = cv_bag_string_or(bag, r->tag, CV_S(""));
        if (text.len || (r->tag == CV_PidLidLocation &&
                         cv_bag_has(bag, CV_PidNameLocationUrl)))
            export_text(ex, bag, r, text);
        return;
    case FORM_BOOL:
        if (cv_bag_bool(bag, r->tag, &b))
            cv_line_put_word(&ex->w, r->name, b ? "TRUE" : "FALSE");
        return;
    case FORM_INT:
        if (cv_bag_i32(bag, r->tag, &v))
            cv_line_put_int(&ex->w, r->name, v);
        return;
    case FORM_UTC:
        export_time(ex, bag, r);
        return;
    }
}

void cv_ical_export_simple(ical_export *ex, const cv_bag *bag)
{
    for (size_t i = 0; i < CV_LEN(rows); i++)
        if (rows[i].writes & ex->method)
            export_one(ex, bag, &rows[i]);
}
