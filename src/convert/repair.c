/* Repairs of stored values before conversion: one table, one row a rule.
 *
 * A repair works on a copy of the object's properties and rows, never on the
 * object; so an estimate is never persisted. What one row costs is that row.
 * Source: KB 938650; spec meeting-flow.md 17, times.md 2, ical-mapping.md 7.3.
 */
#include "convert/to_mime.h"

#include "base/datetime.h"
#include "base/text.h"
#include "mapi/globalid.h"

#include <inttypes.h>
#include <string.h>

typedef struct repair repair;

/* One value that a rule looks at. */
typedef struct subject {
    const cv_object *obj; /* as it was given */
    const cv_convert_options *options;
    const cv_bag *bag; /* of the message or of the row */
    cv_slice path;     /* "recipient[2]" or empty */
    cv_arena *arena;
} subject;

/* Puts the value's stand-in into to, or leaves it removed; says what it did,
 * in the arena. */
typedef cv_slice (*repair_fn)(const subject *s, cv_bag *to, cv_tag tag);

typedef enum repair_where { ON_MESSAGE, ON_ROW } repair_where;

struct repair {
    cv_rule_id rule;
    repair_where where;
    cv_tag tag;
    repair_fn fix;
};

static cv_slice leave_out(const subject *s, cv_bag *to, cv_tag tag);
static cv_slice estimate_answer(const subject *s, cv_bag *to, cv_tag tag);

/* Each of these is a PtypTime; the predicate is "carried, but no moment". */
static const repair repairs[] = {
    { CV_RULE_TRACK_TIME, ON_ROW, CV_PidTagRecipientTrackStatusTime,
      estimate_answer },
    { CV_RULE_BAD_TIME, ON_ROW, CV_PidTagRecipientProposedStartTime,
      leave_out },
    { CV_RULE_BAD_TIME, ON_ROW, CV_PidTagRecipientProposedEndTime, leave_out },
    { CV_RULE_BAD_TIME, ON_MESSAGE, CV_PidLidAttendeeCriticalChange,
      leave_out },
    { CV_RULE_BAD_TIME, ON_MESSAGE, CV_PidLidOwnerCriticalChange, leave_out },
    { CV_RULE_BAD_TIME, ON_MESSAGE, CV_PidLidAppointmentReplyTime, leave_out },
    { CV_RULE_BAD_TIME, ON_MESSAGE, CV_PidLidAppointmentSequenceTime,
      leave_out },
    { CV_RULE_BAD_TIME, ON_MESSAGE, CV_PidTagClientSubmitTime, leave_out },
    { CV_RULE_BAD_TIME, ON_MESSAGE, CV_PidTagLastModificationTime, leave_out },
    { CV_RULE_BAD_TIME, ON_MESSAGE, CV_PidTagCreationTime, leave_out },
};

/* Outlook keeps "None" and "never" as times of their own in these; that is no
 * defect where the property merely stands for an unset choice. */
static bool is_bad_time(const cv_bag *bag, cv_tag tag)
{
    const cv_prop *p = cv_bag_find(bag, tag);
    if (!p)
        return false;
    return p->value.type != CV_T_TIME || !cv_filetime_is_valid(p->value.time);
}

bool cv_repairs_tag(cv_tag tag)
{
    for (size_t k = 0; k < CV_LEN(repairs); k++)
        if (CV_TAG_ID(repairs[k].tag) == CV_TAG_ID(tag))
            return true;
    return false;
}

/* The value as the JSON form shows it. */
static cv_slice describe(cv_arena *arena, const cv_value *v)
{
    int64_t ticks = 0;
    cv_buf buf;
    cv_slice text;
    if (v->type == CV_T_NULL)
        return CV_S("null");
    if (v->type == CV_T_ERROR)
        return cv_arena_printf(arena, "error:0x%08" PRIX32, v->error);
    if (v->type != CV_T_TIME) {
        const char *name = cv_type_name(v->type);
        return cv_arena_printf(arena, "type %s", name ? name : "unknown");
    }
    cv_buf_init(&buf, 64);
    if (v->time <= UINT64_C(0x24C85A5ED1C03FFF) &&
        cv_filetime_to_ticks(v->time, &ticks, NULL) == CV_OK)
        cv_iso_put(&buf, ticks, true);
    else
        cv_buf_printf(&buf, "filetime:0x%016" PRIX64, v->time);
    text = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return text;
}

static cv_slice leave_out(const subject *s, cv_bag *to, cv_tag tag)
{
    (void)s;
    cv_bag_remove(to, tag);
    return CV_S("left out");
}

/* -- the time of an attendee's answer, meeting-flow.md 17 -- */

static cv_slice clean_id(const subject *s)
{
    const cv_bag *props = cv_object_props(s->obj);
    cv_slice blob;
    if (cv_bag_binary(props, CV_PidLidCleanGlobalObjectId, &blob) && blob.len)
        return blob;
    if (cv_bag_binary(props, CV_PidLidGlobalObjectId, &blob) && blob.len)
        return cv_globalid_with_date(s->arena, blob, 0, 0, 0);
    return CV_S("");
}

/* Steps 1 and 2: what the store knows of the attendee's own answer. */
static bool from_response(const subject *s, int64_t *ticks, const char **source)
{
    cv_slice name, address;
    if (!s->options->responses)
        return false;
    cv_row_address(s->bag, s->options, s->arena, &name, &address, NULL);
    *source = "the stored response";
    return address.len &&
           s->options->responses(s->options->responses_ctx, clean_id(s),
                                 address, ticks) &&
           cv_ticks_is_valid(*ticks);
}

/* Step 4: no answer to this version can be older than the version. */
static bool from_version(const subject *s, int64_t *ticks, const char **source)
{
    const cv_bag *props = cv_object_props(s->obj);
    *source = "PidLidAppointmentSequenceTime";
    if (cv_bag_ticks(props, CV_PidLidAppointmentSequenceTime, ticks))
        return true;
    *source = "PidLidOwnerCriticalChange";
    return cv_bag_ticks(props, CV_PidLidOwnerCriticalChange, ticks);
}

/* Step 3: recording the answer changed the meeting. */
static bool from_modification(const subject *s, int64_t *ticks,
                              const char **source)
{
    int64_t version = INT64_MIN, modified = 0;
    const char *unused;
    if (!cv_bag_ticks(cv_object_props(s->obj), CV_PidTagLastModificationTime,
                      &modified))
        return false;
    (void)from_version(s, &version, &unused);
    if (modified < version || modified > cv_opt_now(s->options))
        return false;
    *ticks = modified;
    *source = "PidTagLastModificationTime";
    return true;
}

static cv_slice estimate_answer(const subject *s, cv_bag *to, cv_tag tag)
{
    int32_t status = cv_bag_i32_or(s->bag, CV_PidTagRecipientTrackStatus, 0);
    const char *source = "";
    int64_t ticks = 0;
    if (status < 2 || status > 4) {
        cv_bag_remove(to, tag);
        return CV_S("left out: the row records no answer");
    }
    if (!from_response(s, &ticks, &source) &&
        !from_modification(s, &ticks, &source) &&
        !from_version(s, &ticks, &source)) {
        cv_bag_remove(to, tag);
        return CV_S("left out: no estimate can be had");
    }
    cv_bag_set_ticks(to, tag, ticks);
    cv_buf buf;
    cv_buf_init(&buf, 200);
    cv_iso_put(&buf, ticks, true);
    cv_buf_printf(&buf, " from %s", source);
    cv_slice done = cv_buf_dup(&buf, s->arena);
    cv_buf_clear(&buf);
    return done;
}

/* -- the legacy failure -- */

cv_status cv_check_legacy(const cv_object *obj,
                          const cv_convert_options *options, cv_report *report,
                          cv_error *err)
{
    const cv_tag tag = CV_PidTagRecipientTrackStatusTime;
    cv_arena *arena = NULL;
    cv_status st = CV_OK;
    if (cv_opt_bool(options, CV_OPT_FIX_TRACK_TIME))
        return CV_OK;
    CV_TRY(cv_arena_new((size_t)1 << 20, &arena, err));
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        const cv_bag *row = cv_object_recipient(obj, i);
        if (!is_bad_time(row, tag))
            continue;
        cv_slice path = cv_index_path(arena, "recipient", i);
        cv_slice found = describe(arena, &cv_bag_find(row, tag)->value);
        cv_report_say(report, CV_RULE_LEGACY_TRACK_TIME, path,
                      cv_slice_cstr(cv_tag_name(tag)), found,
                      "0x80004005 (%" PRId32 ")", CV_E_FAIL);
        if (st == CV_OK)
            st = cv_fail(err, CV_ERR_LEGACY,
                         "error 0x80004005 (%" PRId32 "): %s of %.*s is %.*s",
                         CV_E_FAIL, cv_tag_name(tag), CV_FMT(path),
                         CV_FMT(found));
        if (err)
            err->tag = tag;
    }
    cv_arena_free(&arena);
    return st;
}

/* -- the copy -- */

/* A property whose name the source's table made up gets its number in the
 * copy's table. */
static cv_status copy_props(const cv_object *from, const cv_bag *src,
                            cv_object *to, cv_bag *dst, cv_error *err)
{
    for (size_t i = 0; i < cv_bag_count(src); i++) {
        const cv_prop *p = cv_bag_at(src, i);
        cv_tag tag = p->tag;
        if (CV_TAG_ID(tag) >= CV_NAMED_FIRST + CV_NAMED_KNOWN) {
            const cv_name *name = cv_names_get(cv_object_names(from), tag);
            if (!name)
                continue;
            CV_TRY(cv_names_intern(cv_object_names(to), name, &tag, err));
        }
        /* Borrowed: the original outlives the copy. */
        CV_TRY(cv_bag_put_from(dst, tag, &p->value, p->container_id, err));
    }
    return CV_OK;
}

static cv_status copy_attachment(const cv_object *from,
                                 const cv_attachment *src, cv_object *to,
                                 cv_error *err)
{
    cv_attachment *dst = cv_object_add_attachment(to);
    if (!dst)
        return cv_arena_fail(cv_object_arena(to), err);
    dst->has_data = src->has_data;
    dst->data = src->data;
    dst->embedded = src->embedded;
    return copy_props(from, src->props, to, dst->props, err);
}

static cv_status shallow_copy(const cv_object *src, cv_object **out,
                              cv_error *err)
{
    cv_object *copy = NULL;
    CV_TRY(cv_object_new(0, &copy, err));
    cv_status st =
        copy_props(src, cv_object_props(src), copy, cv_object_props(copy), err);
    cv_object_set_source(copy, cv_object_source(src));
    for (size_t i = 0; st == CV_OK && i < cv_object_recipient_count(src); i++) {
        cv_bag *row = cv_object_add_recipient(copy);
        st = row ? copy_props(src, cv_object_recipient(src, i), copy, row, err)
                 : cv_arena_fail(cv_object_arena(copy), err);
    }
    for (size_t i = 0; st == CV_OK && i < cv_object_attachment_count(src); i++)
        st = copy_attachment(src, cv_object_attachment(src, i), copy, err);
    if (st != CV_OK)
        cv_object_free(&copy);
    *out = copy;
    return st;
}

static bool needs_repair(const cv_object *obj)
{
    for (size_t k = 0; k < CV_LEN(repairs); k++) {
        const repair *r = &repairs[k];
        if (r->where == ON_MESSAGE && is_bad_time(cv_object_props(obj), r->tag))
            return true;
        for (size_t i = 0;
             r->where == ON_ROW && i < cv_object_recipient_count(obj); i++)
            if (is_bad_time(cv_object_recipient(obj, i), r->tag))
                return true;
    }
    return false;
}

static void apply(const subject *s, repair_where where, cv_bag *to,
                  cv_report *report)
{
    for (size_t k = 0; k < CV_LEN(repairs); k++) {
        const repair *r = &repairs[k];
        if (r->where != where || !is_bad_time(s->bag, r->tag))
            continue;
        cv_slice found =
            describe(s->arena, &cv_bag_find(s->bag, r->tag)->value);
        cv_slice done = r->fix(s, to, r->tag);
        cv_report_say(report, r->rule, s->path,
                      cv_slice_cstr(cv_tag_name(r->tag)), found, "%.*s",
                      CV_FMT(done));
    }
}

cv_status cv_repair(const cv_object *obj, const cv_convert_options *options,
                    const cv_object **view, cv_object **made, cv_report *report,
                    cv_error *err)
{
    *view = obj;
    *made = NULL;
    if (!needs_repair(obj))
        return CV_OK;
    CV_TRY(shallow_copy(obj, made, err));
    subject s = { .obj = obj,
                  .options = options,
                  .bag = cv_object_props(obj),
                  .path = CV_S(""),
                  .arena = cv_object_arena(*made) };
    apply(&s, ON_MESSAGE, cv_object_props(*made), report);
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        s.bag = cv_object_recipient(obj, i);
        s.path = cv_index_path(s.arena, "recipient", i);
        apply(&s, ON_ROW, cv_object_recipient(*made, i), report);
    }
    *view = *made;
    return CV_OK;
}
