#include "mapi/object_private.h"

#include "base/limits.h"

#include <string.h>

#define FIRST_OWN (CV_NAMED_FIRST + CV_NAMED_KNOWN)
#define LAST_ID 0xFFFE
#define FIRST_ROOM 16

/* Names met in one tree; ids count from FIRST_OWN in the order of arrival. */
struct cv_names {
    cv_arena *arena; /* borrowed */
    cv_name *rows;   /* arena, `room` of them; strings, too */
    uint16_t *order; /* arena: indexes of rows, sorted */
    size_t count;
    size_t room;
};

cv_names *cv_names_new(cv_arena *arena)
{
    cv_names *names = cv_arena_alloc(arena, sizeof(*names));
    if (names)
        names->arena = arena;
    return names;
}

/* Place in order[] of the first name not below it; *hit: it is equal. */
static size_t lower_bound(const cv_names *names, const cv_name *name, bool *hit)
{
    size_t low = 0;
    size_t high = names->count;
    *hit = false;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int diff = cv_name_cmp(&names->rows[names->order[mid]], name);
        if (diff < 0)
            low = mid + 1;
        else
            high = mid;
        *hit = *hit || diff == 0;
    }
    return low;
}

static cv_status grow(cv_names *names, cv_error *err)
{
    size_t room = names->room ? names->room * 2 : FIRST_ROOM;
    cv_name *rows = cv_arena_array(names->arena, room, sizeof(*rows));
    uint16_t *order = cv_arena_array(names->arena, room, sizeof(*order));
    if (!rows || !order)
        return cv_arena_fail(names->arena, err);
    if (names->count > 0) {
        memcpy(rows, names->rows, names->count * sizeof(*rows));
        memcpy(order, names->order, names->count * sizeof(*order));
    }
    names->rows = rows;
    names->order = order;
    names->room = room;
    return CV_OK;
}

/* A name that is not known at compile time. */
static cv_status intern(cv_names *names, const cv_name *name, cv_tag *tag,
                        cv_error *err)
{
    bool hit;
    size_t at = lower_bound(names, name, &hit);
    if (hit) {
        *tag = CV_TAG(FIRST_OWN + names->order[at], 0);
        return CV_OK;
    }
    if (names->count >= CV_LIMIT_NAMES || FIRST_OWN + names->count > LAST_ID)
        return cv_fail(err, CV_ERR_LIMIT, "more than %d named properties",
                       CV_LIMIT_NAMES);
    if (names->count == names->room)
        CV_TRY(grow(names, err));
    cv_name copy = *name;
    if (copy.is_string) {
        copy.string = cv_arena_dup(names->arena, name->string);
        if (!copy.string.ptr)
            return cv_arena_fail(names->arena, err);
    }
    memmove(names->order + at + 1, names->order + at,
            (names->count - at) * sizeof(*names->order));
    names->order[at] = (uint16_t)names->count;
    names->rows[names->count] = copy;
    *tag = CV_TAG(FIRST_OWN + names->count, 0);
    names->count++;
    return CV_OK;
}

cv_status cv_names_intern(cv_names *names, const cv_name *name, cv_tag *tag,
                          cv_error *err)
{
    cv_tag known = cv_tag_of_name(name);
    if (known == 0)
        return intern(names, name, tag, err);
    *tag = CV_TAG(CV_TAG_ID(known), 0);
    return CV_OK;
}

cv_status cv_names_unnamed(cv_names *names, uint16_t container_id, cv_tag *tag,
                           cv_error *err)
{
    cv_name name = { .lid = container_id }; /* the set is all zeros */
    cv_assert(container_id >= CV_NAMED_FIRST);
    return intern(names, &name, tag, err);
}

uint16_t cv_name_unnamed_id(const cv_name *name)
{
    if (!name || name->is_string || name->lid < CV_NAMED_FIRST ||
        name->lid > UINT16_MAX || !cv_guid_is_zero(&name->set))
        return 0;
    return (uint16_t)name->lid;
}

cv_tag cv_names_find(const cv_names *names, const cv_name *name)
{
    cv_tag known = cv_tag_of_name(name);
    bool hit;
    if (known != 0)
        return CV_TAG(CV_TAG_ID(known), 0);
    size_t at = lower_bound(names, name, &hit);
    return hit ? CV_TAG(FIRST_OWN + names->order[at], 0) : 0;
}

static const cv_name *own_name(const cv_names *names, cv_tag tag)
{
    size_t id = CV_TAG_ID(tag);
    if (id < FIRST_OWN || id - FIRST_OWN >= names->count)
        return NULL;
    return &names->rows[id - FIRST_OWN];
}

const cv_name *cv_names_get(const cv_names *names, cv_tag tag)
{
    const cv_name *name = own_name(names, tag);
    return name ? name : cv_name_of_tag(tag);
}

cv_status cv_names_translate(cv_names *dst, const cv_names *src, cv_tag tag,
                             cv_tag *out, cv_error *err)
{
    const cv_name *name = own_name(src, tag);
    cv_tag there;
    if (!name || dst == src) {
        *out = tag;
        return CV_OK;
    }
    CV_TRY(intern(dst, name, &there, err));
    *out = CV_TAG(CV_TAG_ID(there), CV_TAG_TYPE(tag));
    return CV_OK;
}

bool cv_names_counterpart(const cv_names *dst, const cv_names *src, cv_tag tag,
                          cv_tag *out)
{
    const cv_name *name = own_name(src, tag);
    bool hit = true;
    *out = tag;
    if (name && dst != src) {
        size_t at = lower_bound(dst, name, &hit);
        if (hit)
            *out = CV_TAG(FIRST_OWN + dst->order[at], CV_TAG_TYPE(tag));
    }
    return hit;
}
